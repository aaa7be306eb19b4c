//! Draws `icons/*.svg` at the sizes that the system's panels ask for, so that the program carries neither a renderer nor files.
//!
//! One file a drawing in `OUT_DIR`, frame after frame: the side as two little-endian bytes, then runs of pixels, each a count and red,
//! green, blue, alpha, premultiplied, until the square is full. `src/agent/ui/icons.rs` reads that, and its tests look at the result.
//!
//! For Windows, icon, version and manifest of the programs besides, which a resource compiler turns into something to link.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::env::var;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

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
    if target == "windows" {
        link_resources(Path::new(&out))?;
    }
    Ok(())
}

/// The sizes of the programs' icon that Windows draws without scaling one.
const ICON: [u16; 10] = [16, 20, 24, 28, 32, 36, 40, 44, 48, 256];

/// Makes and links the programs' resources.
fn link_resources(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/agent/ui/native/windows.manifest");
    println!("cargo::rerun-if-env-changed=WINDRES");
    // Microsoft's linker takes another kind of file, from a compiler of its own, which nobody has tried yet.
    if var("CARGO_CFG_TARGET_ENV")? != "gnu" {
        println!("cargo::warning=without icon, version and manifest: these are made for the gnu toolchain alone");
        return Ok(());
    }
    let tree = Tree::from_str(&fs::read_to_string("icons/sharelock.svg")?, &Options::default())?;
    fs::write(out.join("sharelock.ico"), ico(&tree)?)?;
    fs::copy("src/agent/ui/native/windows.manifest", out.join("sharelock.manifest"))?;
    fs::write(out.join("sharelock.rc"), resources()?)?;
    let tool =
        var("WINDRES").unwrap_or_else(|_| format!("{}-w64-mingw32-windres", var("CARGO_CFG_TARGET_ARCH").unwrap_or_default()));
    let object = out.join("resources.o");
    // In the folder: the tool takes no path with a space in it out of a script.
    let made = Command::new(&tool).current_dir(out).args(["sharelock.rc", "-O", "coff", "-o", "resources.o"]).status();
    match made {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("{tool} ended with {status}").into()),
        Err(error) => {
            let where_from = "it comes with MinGW's binutils; WINDRES may name another one";
            return Err(format!(
                "{tool}, which makes the programs' icon and version for Windows, cannot be started ({error}); {where_from}"
            )
            .into());
        }
    }
    println!("cargo::rustc-link-arg-bins={}", object.display());
    // For the window program, which is a package of its own.
    println!("cargo::metadata=resources={}", object.display());
    Ok(())
}

/// An icon file: a directory, and behind it the frames as bitmaps, the largest as a PNG.
fn ico(tree: &Tree) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut images = Vec::new();
    for side in ICON {
        let pixels = draw(tree, side)?;
        images.push(if side < 256 { bitmap(&pixels)? } else { pixels.encode_png()? });
    }
    // Reserved, an icon, how many.
    let mut file = [0_u16, 1, u16::try_from(images.len())?].map(u16::to_le_bytes).concat();
    let mut place = u32::try_from(6 + 16 * images.len())?;
    for (side, image) in ICON.iter().zip(&images) {
        // 256 is written as zero. No palette, one plane, 32 bits.
        let side = u8::try_from(side % 256)?;
        let length = u32::try_from(image.len())?;
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        file.extend(length.to_le_bytes());
        file.extend(place.to_le_bytes());
        place += length;
    }
    file.extend(images.concat());
    Ok(file)
}

/// A bitmap without file header: from the bottom up, blue first, colours not premultiplied, and an empty mask behind it.
fn bitmap(pixels: &Pixmap) -> Result<Vec<u8>, Box<dyn Error>> {
    let side = pixels.width();
    let mask_row = side.div_ceil(32) * 4;
    let mut image = Vec::new();
    // The header's length, width, height with the mask; one plane and 32 bits; nothing compressed, the rest unsaid.
    for field in [40, side, 2 * side, 1 | 32 << 16, 0, 0, 0, 0, 0, 0] {
        image.extend(field.to_le_bytes());
    }
    for y in (0..side).rev() {
        for x in 0..side {
            let pixel = pixels.pixel(x, y).ok_or("no pixel")?.demultiply();
            image.extend([pixel.blue(), pixel.green(), pixel.red(), pixel.alpha()]);
        }
    }
    image.resize(image.len() + usize::try_from(mask_row * side)?, 0);
    Ok(image)
}

/// Icon, manifest and version, as the resource compiler reads them.
fn resources() -> Result<String, Box<dyn Error>> {
    let version = var("CARGO_PKG_VERSION")?;
    let part = |name: &str| var(format!("CARGO_PKG_VERSION_{name}"));
    let numbers = format!("{},{},{},0", part("MAJOR")?, part("MINOR")?, part("PATCH")?);
    // 24 is the kind of manifests; 040904B0 and 0x409, 1200 say that the texts are English, in Unicode.
    Ok(format!(
        r#"1 ICON "sharelock.ico"
1 24 "sharelock.manifest"
1 VERSIONINFO
FILEVERSION {numbers}
PRODUCTVERSION {numbers}
FILEOS 0x40004
FILETYPE 1
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904B0"
    BEGIN
      VALUE "FileDescription", "Sharelock"
      VALUE "ProductName", "Sharelock"
      VALUE "FileVersion", "{version}"
      VALUE "ProductVersion", "{version}"
      VALUE "LegalCopyright", "MIT OR Apache-2.0"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"#
    ))
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
