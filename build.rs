//! Draws `icons/*.svg` at the sizes that the system's panels ask for, so that the program carries neither a renderer nor files.
//!
//! One file a drawing in `OUT_DIR`, frame after frame: the side as two little-endian bytes, then runs of pixels, each a count and red,
//! green, blue, alpha, premultiplied, until the square is full. `src/agent/ui/icons.rs` reads that, and its tests look at the result.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::env::var;
use std::error::Error;
use std::fs;
use std::path::Path;

/// Every drawing. The first six are named by `Face::name`.
const DRAWINGS: [&str; 8] = ["free", "mine", "held", "waiting", "stale", "unreachable", "attention", "sharelock"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=icons");
    let target = var("CARGO_CFG_TARGET_OS")?;
    let out = var("OUT_DIR")?;
    for name in DRAWINGS {
        let text = fs::read_to_string(Path::new("icons").join(name).with_extension("svg"))?;
        let tree = Tree::from_str(&text, &Options::default())?;
        let mut frames = Vec::new();
        for &side in sides(&target) {
            frames.extend(side.to_le_bytes());
            frames.extend(runs(&draw(&tree, side)?));
        }
        fs::write(Path::new(&out).join(name).with_extension("frames"), frames)?;
    }
    Ok(())
}

/// What panels ask for, in pixels: on Linux they scale the nearest or the largest; Windows takes its small icon at every
/// scale from 100 to 300 %; macOS has 18 points, at one and two pixels each.
fn sides(target: &str) -> &'static [u16] {
    match target {
        "windows" => &[16, 20, 24, 28, 32, 36, 40, 44, 48],
        "macos" => &[18, 36],
        _ => &[16, 20, 22, 24, 32, 48, 64],
    }
}

fn draw(tree: &Tree, side: u16) -> Result<Pixmap, Box<dyn Error>> {
    let mut pixels = Pixmap::new(side.into(), side.into()).ok_or("no pixels")?;
    let scale = f32::from(side) / tree.size().width();
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels)
}

fn runs(pixels: &Pixmap) -> Vec<u8> {
    let mut runs: Vec<u8> = Vec::new();
    for pixel in pixels.data().chunks_exact(4) {
        match runs.rchunks_exact_mut(5).next() {
            Some(last) if last[1..] == *pixel && last[0] < u8::MAX => last[0] += 1,
            _ => {
                runs.push(1);
                runs.extend(pixel);
            }
        }
    }
    runs
}
