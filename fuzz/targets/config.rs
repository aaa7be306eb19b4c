//! Fuzz target: see `config` in `checks.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sharelock_fuzz::config(data));
