//! Compiles the description of the window with the product's drawings of the six states. Must not read anything else.

fn main() {
    println!("cargo::rerun-if-changed=../icons");
    let config = slint_build::CompilerConfiguration::new().with_style("fluent".into()).with_include_paths(vec!["../icons".into()]);
    slint_build::compile_with_config("ui/window.slint", config).expect("the description of the window");
}
