//! `phalanx`: see `phalanx --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    phalanx::main()
}
