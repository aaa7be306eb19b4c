//! Fuzz target: see `board` in `checks.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sharelock_fuzz::board(data));
