//! The command line's entry: everything is in the library's `cli`.

fn main() -> std::process::ExitCode {
    sharelock::cli::main()
}
