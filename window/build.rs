//! Compiles the description of the window, and finds the drawings of the six states. Must not read anything else.

use std::path::{Path, PathBuf};

fn main() {
    // The product's drawings where they are, else the simple ones beside the description.
    let icons = [Path::new("../icons"), Path::new("ui/icons")].map(Path::to_path_buf);
    println!("cargo::rerun-if-changed=../icons");
    let complete = |folder: &PathBuf| FACES.iter().all(|face| folder.join(face).with_extension("svg").exists());
    let icons = icons.into_iter().find(complete).expect("a drawing of each state");
    let config = slint_build::CompilerConfiguration::new().with_style("fluent".into()).with_include_paths(vec![icons]);
    slint_build::compile_with_config("ui/window.slint", config).expect("the description of the window");
}

const FACES: [&str; 6] = ["free", "mine", "held", "waiting", "stale", "unreachable"];
