//! The drawings of `icons/`, as `build.rs` has drawn them for this system.
//!
//! Hazard: six states that look alike. At 16 pixels they are told apart by their outline alone, which a test measures; colour is for
//! those who see it.

use crate::agent::shown::Face;

/// A square picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Pixels a side.
    pub(super) side: u16,
    /// Red, green, blue, alpha, row after row; not premultiplied.
    pub(super) rgba: Vec<u8>,
}

macro_rules! drawing {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".frames"))
    };
}

/// Returns the icon at each size, the smallest first; with a mark on it when something waits for an answer.
pub(super) fn icon(face: Face, attention: bool) -> Vec<Frame> {
    let mut icon = read(match face {
        Face::Free => drawing!("free"),
        Face::Mine => drawing!("mine"),
        Face::Held => drawing!("held"),
        Face::Waiting => drawing!("waiting"),
        Face::Stale => drawing!("stale"),
        Face::Unreachable => drawing!("unreachable"),
    });
    if attention {
        for (frame, mark) in icon.iter_mut().zip(read(drawing!("attention"))) {
            lay_over(frame, &mark);
        }
    }
    icon.into_iter().map(straight).collect()
}

/// Returns the pixels for a dark panel: light where they were dark, and dark where they were light, in the same hue.
#[cfg(any(windows, test))]
pub(super) fn on_dark(frame: &Frame) -> Vec<u8> {
    let mut rgba = frame.rgba.clone();
    for pixel in rgba.chunks_exact_mut(4) {
        let colours = &mut pixel[..3];
        let (least, most) = colours.iter().fold((u8::MAX, 0), |(least, most), colour| (least.min(*colour), most.max(*colour)));
        for colour in colours {
            *colour = u8::MAX - most + (*colour - least);
        }
    }
    rgba
}

/// Returns the program's own icon at each size, the smallest first; for notifications on Linux: Windows shows its shortcut's.
#[cfg(any(target_os = "linux", test))]
pub(super) fn program() -> Vec<Frame> {
    read(drawing!("sharelock")).into_iter().map(straight).collect()
}

/// Reads frames, premultiplied.
fn read(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((side, rest)) = bytes.split_first_chunk() {
        let side = u16::from_le_bytes(*side);
        let length = usize::from(side) * usize::from(side) * 4;
        let mut rgba = Vec::with_capacity(length);
        bytes = rest;
        while rgba.len() < length {
            let Some(([count, pixel @ ..], rest)) = bytes.split_first_chunk::<5>() else { return frames };
            (0..*count).for_each(|_| rgba.extend(pixel));
            bytes = rest;
        }
        frames.push(Frame { side, rgba });
    }
    frames
}

/// Lays one premultiplied frame over another of the same size.
fn lay_over(below: &mut Frame, above: &Frame) {
    for (below, above) in below.rgba.chunks_exact_mut(4).zip(above.rgba.chunks_exact(4)) {
        let through = 255 - u16::from(above[3]);
        for (below, above) in below.iter_mut().zip(above) {
            *below = above.saturating_add(shade(u16::from(*below) * through));
        }
    }
}

/// Divides the colours by the alpha, as panels want them.
fn straight(mut frame: Frame) -> Frame {
    for pixel in frame.rgba.chunks_exact_mut(4) {
        if let alpha @ 1.. = u16::from(pixel[3]) {
            for colour in &mut pixel[..3] {
                *colour = u8::try_from((u16::from(*colour) * 255 + alpha / 2) / alpha).unwrap_or(u8::MAX);
            }
        }
    }
    frame
}

/// Divides by 255, rounded.
fn shade(product: u16) -> u8 {
    u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the 256 pixels of the smallest frame: how many must be covered in one icon and bare in the other, for each pair. A difference
    /// of two rows or columns of the padlock is seen at a glance.
    const DIFFERENCE: usize = 20;

    fn smallest(face: Face) -> Frame {
        icon(face, false).swap_remove(0)
    }

    fn alpha(frame: &Frame) -> Vec<u8> {
        frame.rgba.chunks_exact(4).map(|pixel| pixel[3]).collect()
    }

    /// Where there is ink, not halo: what is seen on a light panel.
    fn ink(frame: &Frame) -> Vec<u8> {
        let ink = |pixel: &[u8]| if pixel[3] > 127 && pixel[..3].iter().any(|colour| *colour < 160) { 255 } else { 0 };
        frame.rgba.chunks_exact(4).map(ink).collect()
    }

    fn differing(one: &[u8], other: &[u8]) -> usize {
        one.iter().zip(other).filter(|(one, other)| (**one > 127) != (**other > 127)).count()
    }

    fn closest(mask: fn(&Frame) -> Vec<u8>) -> (usize, Face, Face) {
        let pairs = Face::ALL.iter().flat_map(|one| Face::ALL.iter().map(move |other| (*one, *other)));
        let differences = pairs.filter(|(one, other)| one < other).map(|(one, other)| {
            let masks = (mask(&smallest(one)), mask(&smallest(other)));
            (differing(&masks.0, &masks.1), one, other)
        });
        differences.min().unwrap()
    }

    #[test]
    fn outlines_differ_at_the_smallest_size() {
        let closest = closest(alpha);
        assert!(closest.0 >= DIFFERENCE, "too alike: {closest:?}");
    }

    #[test]
    fn ink_alone_differs_too() {
        let closest = closest(ink);
        assert!(closest.0 >= 2 * DIFFERENCE, "too alike: {closest:?}");
    }

    #[test]
    fn every_icon_is_seen_on_light_and_on_dark() {
        for face in Face::ALL {
            let frame = smallest(face);
            let covered = alpha(&frame).iter().filter(|alpha| **alpha > 127).count();
            let ink = ink(&frame).iter().filter(|ink| **ink > 0).count();
            assert!(ink >= 40, "{face:?} has {ink} pixels of ink for light panels");
            assert!(covered - ink >= 30, "{face:?} has {} pixels of halo for dark panels", covered - ink);
        }
    }

    /// The contrast of two colours, as the Web Content Accessibility Guidelines reckon it.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let light = |colour: [f64; 3]| {
            let linear = colour.map(|part| if part <= 0.04 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
            0.05 + 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    /// How many pixels of the drawing itself stand out from a panel of that grey: 3 to 1, as is asked of icons.
    fn standing_out(face: Face, rgba: &[u8], panel: f64) -> usize {
        let ink = ink(&smallest(face));
        let pixels = ink.iter().zip(rgba.chunks_exact(4)).filter(|(ink, _)| **ink > 0);
        let seen = |pixel: &[u8]| {
            let alpha = f64::from(pixel[3]) / 255.0;
            [0, 1, 2].map(|part| f64::from(pixel[part]) / 255.0 * alpha + panel * (1.0 - alpha))
        };
        pixels.filter(|(_, pixel)| contrast(seen(pixel), [panel; 3]) >= 3.0).count()
    }

    #[test]
    fn drawings_stand_out_from_the_panel_that_they_are_for() {
        // The task bars of Windows 11.
        let (light, dark) = (0.94, 0.12);
        for face in Face::ALL {
            let frame = smallest(face);
            let (for_light, for_dark) = (standing_out(face, &frame.rgba, light), standing_out(face, &on_dark(&frame), dark));
            assert!(for_light >= 40 && for_dark >= 40, "{face:?}: {for_light} pixels on light, {for_dark} on dark");
        }
        let held = smallest(Face::Held);
        assert!(standing_out(Face::Held, &held.rgba, dark) < 40, "it would not have to be another one");
    }

    #[test]
    fn dark_panels_get_light_colours_of_the_same_hue() {
        let rgba = vec![255, 255, 255, 200, 20, 80, 184, 255, 0, 0, 0, 0, 125, 125, 125, 9];
        let frame = Frame { side: 2, rgba };
        assert_eq!(on_dark(&frame), [0, 0, 0, 200, 71, 131, 235, 255, 255, 255, 255, 0, 130, 130, 130, 9]);
    }

    #[test]
    fn frames_are_whole_and_grow() {
        for frames in Face::ALL.map(|face| icon(face, true)).into_iter().chain([program()]) {
            assert!(frames.len() >= 2 && frames[0].side <= 18 && frames.is_sorted_by(|one, next| one.side < next.side));
            assert!(frames.iter().all(|frame| frame.rgba.len() == usize::from(frame.side).pow(2) * 4));
        }
    }

    #[test]
    fn mark_leaves_the_outline_recognisable() {
        for face in Face::ALL {
            let marked = icon(face, true).swap_remove(0);
            let plain = smallest(face);
            let pixels = marked.rgba.chunks_exact(4).zip(plain.rgba.chunks_exact(4));
            let changed = pixels.filter(|(one, other)| one != other).count();
            assert!((20..60).contains(&changed), "{face:?}: {changed}");
            for other in Face::ALL.into_iter().filter(|other| *other != face) {
                assert!(differing(&ink(&marked), &ink(&smallest(other))) >= DIFFERENCE, "{face:?} marked looks like {other:?}");
            }
        }
    }

    #[test]
    fn colours_are_divided_by_alpha() {
        let half = straight(Frame { side: 1, rgba: vec![64, 0, 128, 128] });
        assert_eq!(half.rgba, [128, 0, 255, 128]);
        let mut below = Frame { side: 1, rgba: vec![200, 200, 200, 255] };
        lay_over(&mut below, &Frame { side: 1, rgba: vec![0, 0, 128, 128] });
        assert_eq!(below.rgba, [100, 100, 228, 255]);
    }

    #[test]
    fn torn_frames_end_the_reading() {
        assert_eq!(read(&[1, 0, 1, 9, 9, 9, 9]), [Frame { side: 1, rgba: vec![9; 4] }]);
        assert_eq!(read(&[2, 0, 1, 9, 9, 9, 9]), []);
        assert_eq!(read(&[2]), []);
    }
}
