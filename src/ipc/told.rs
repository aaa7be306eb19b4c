//! News of a lease on their way from the agent, which has it, to the `run` that works under it.
//!
//! A mirror of [`News`] in words of this conversation, so that the core's types need no spelling of their own. What people typed is
//! bounded and stripped again where it is shown.

use crate::clock::WallTime;
use crate::lease::record::{Holder, Revoke, Token};
use crate::lease::wire::{Doubt, Loss};
use crate::session::News;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// [`News`], as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It was renewed.
    Renewed,
    /// The fence comes near.
    Expiring,
    /// Past the fence, or (true) the clocks parted.
    Unsure(bool),
    /// Held again, under this token.
    Recovered(Token),
    /// Somebody ordered it to be given up.
    Revoked(Order),
    /// Somebody else has it.
    LostTo(Option<Who>),
    /// Its record is gone.
    LostRecord,
    /// The order was not obeyed in time.
    LostRevoked(Order),
}

/// Somebody; an agent that told only who and where leaves the rest empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    user: String,
    name: String,
    machine: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    pid: u32,
    #[serde(default)]
    app: String,
    #[serde(default)]
    note: String,
}

/// An order to give up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    by: Who,
    reason: String,
}

impl From<&Holder> for Who {
    fn from(holder: &Holder) -> Self {
        let Holder { user, name, machine, session, pid, app, note } = holder.clone();
        Self { user, name, machine, session, pid, app, note }
    }
}

impl From<Who> for Holder {
    fn from(who: Who) -> Self {
        let Who { user, name, machine, session, pid, app, note } = who;
        Self { user, name, machine, session, pid, app, note }
    }
}

impl From<&Revoke> for Order {
    fn from(revoke: &Revoke) -> Self {
        Self { by: Who::from(&revoke.by), reason: revoke.reason.clone() }
    }
}

impl From<Order> for Revoke {
    fn from(order: Order) -> Self {
        Self { subjects: Vec::new(), by: order.by.into(), reason: order.reason, at: WallTime(0), now: false }
    }
}

impl From<&News> for Told {
    fn from(news: &News) -> Self {
        match news {
            News::Renewed => Self::Renewed,
            News::Expiring => Self::Expiring,
            News::Unsure(doubt) => Self::Unsure(*doubt == Doubt::ClocksParted),
            News::Recovered(token) => Self::Recovered(*token),
            News::Revoked(revoke) => Self::Revoked(Order::from(&**revoke)),
            News::Lost(Loss::TakenOver(holder)) => Self::LostTo(holder.as_deref().map(Who::from)),
            News::Lost(Loss::RecordGone) => Self::LostRecord,
            News::Lost(Loss::Revoked(revoke)) => Self::LostRevoked(Order::from(&**revoke)),
        }
    }
}

impl From<Told> for News {
    fn from(told: Told) -> Self {
        match told {
            Told::Renewed => Self::Renewed,
            Told::Expiring => Self::Expiring,
            Told::Unsure(true) => Self::Unsure(Doubt::ClocksParted),
            Told::Unsure(false) => Self::Unsure(Doubt::Fence),
            Told::Recovered(token) => Self::Recovered(token),
            Told::Revoked(order) => Self::Revoked(Arc::new(order.into())),
            Told::LostTo(who) => Self::Lost(Loss::TakenOver(who.map(|who| Arc::new(who.into())))),
            Told::LostRecord => Self::Lost(Loss::RecordGone),
            Told::LostRevoked(order) => Self::Lost(Loss::Revoked(Arc::new(order.into()))),
        }
    }
}
