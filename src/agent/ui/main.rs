//! The agent as a program of its own: what `sharelock agent run` does, for Windows, where only a program without a console can start
//! without one flashing up.
#![cfg_attr(windows, windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    sharelock::cli::agent_main()
}
