//! Open files through `/proc`. The links there are read, never followed: following one asks the share.

use super::Program;
use crate::platform::process::executable_name;
use std::path::Path;

pub(super) fn programs(file: &Path) -> Vec<Program> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let having = pids.filter(|pid| has_open(*pid, file));
    having.map(|pid| Program { name: executable_name(pid).unwrap_or_else(|| pid.to_string()), pid }).collect()
}

fn has_open(pid: u32, file: &Path) -> bool {
    // Another user's descriptors are hidden, and a process that has just ended has none.
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|descriptor| std::fs::read_link(descriptor.path()).is_ok_and(|target| target == file))
}
