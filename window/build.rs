//! Compiles the description of the window with the product's drawings of the six states. Must not read anything else.

fn main() {
    println!("cargo::rerun-if-changed=../icons");
    let config =
        slint_build::CompilerConfiguration::new().with_style("fluent".into()).with_include_paths(vec!["../icons".into()]);
    slint_build::compile_with_config("ui/window.slint", config).expect("the description of the window");
    // Icon, version and manifest of the product's programs for Windows, which its own build has made.
    println!("cargo::rerun-if-env-changed=DEP_SHARELOCK_RESOURCES");
    if let Ok(resources) = std::env::var("DEP_SHARELOCK_RESOURCES") {
        println!("cargo::rustc-link-arg-bins={resources}");
    }
}
