//! Brings a list that is shown up to date entry by entry.
//!
//! A list that is replaced whole is drawn anew, and the button in it that has the focus is gone: whoever is about to press Enter would
//! press nothing, or something else. So what stays the same is not touched.

use slint::{Model, ModelRc, VecModel};

/// An entry that may have lists of its own.
pub(crate) trait Entry: Clone + PartialEq + 'static {
    /// Takes over what `new` says, keeping the lists that are shown already. What it returns stands in for `self`.
    fn updated(&self, new: Self) -> Self;
}

/// Makes `shown` equal to `new`, and returns the list to show: `shown` itself unless it cannot be changed.
pub(crate) fn sync<T: Entry>(shown: &ModelRc<T>, new: Vec<T>) -> ModelRc<T> {
    let Some(list) = shown.as_any().downcast_ref::<VecModel<T>>() else { return ModelRc::new(VecModel::from(new)) };
    while list.row_count() > new.len() {
        list.remove(list.row_count() - 1);
    }
    for (number, entry) in new.into_iter().enumerate() {
        match list.row_data(number) {
            Some(old) => {
                let entry = old.updated(entry);
                if old != entry {
                    list.set_row_data(number, entry);
                }
            }
            None => list.push(entry),
        }
    }
    shown.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq)]
    struct Row(&'static str, ModelRc<u8>);

    impl Entry for u8 {
        fn updated(&self, new: Self) -> Self {
            new
        }
    }

    impl Entry for Row {
        fn updated(&self, new: Self) -> Self {
            Self(new.0, sync(&self.1, new.1.iter().collect()))
        }
    }

    fn list(entries: &[u8]) -> ModelRc<u8> {
        ModelRc::new(VecModel::from(entries.to_vec()))
    }

    #[test]
    fn a_shown_list_stays_the_same_list_whatever_comes() {
        let shown = list(&[1, 2]);
        for new in [vec![1, 2], vec![1, 3], vec![3], vec![], vec![4, 5, 6]] {
            assert!(sync(&shown, new.clone()) == shown, "another list was made");
            assert_eq!(shown.iter().collect::<Vec<_>>(), new);
        }
    }

    #[test]
    fn a_list_within_an_entry_stays_the_same_list_too() {
        let inner = list(&[1, 2]);
        let shown = ModelRc::new(VecModel::from(vec![Row("a", inner.clone())]));
        sync(&shown, vec![Row("b", list(&[2])), Row("c", list(&[3]))]);
        let rows: Vec<Row> = shown.iter().collect();
        assert!(rows[0].0 == "b" && rows[0].1 == inner, "the inner list was replaced");
        assert_eq!(inner.iter().collect::<Vec<_>>(), [2]);
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_list_of_another_kind_is_replaced() {
        let shown = ModelRc::new(slint::MapModel::new(list(&[1]), |entry| entry + 1));
        assert_eq!(sync(&shown, vec![7]).iter().collect::<Vec<u8>>(), [7]);
    }
}
