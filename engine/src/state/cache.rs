//! Caches of a state, compared by name: what they hold is no part of the canonical form.

use alloc::format;
use alloc::string::String;

use crate::codec::{DecodeError, Decoder, Encoder};

impl Encoder {
    /// Appends a cache: its name, such as `Arena.paths`, and what `encode` writes of it.
    ///
    /// # Panics
    /// If it writes more than `u32::MAX` bytes.
    pub fn put_cache(&mut self, name: &str, encode: impl FnOnce(&mut Self)) {
        let mut content = Self::new();
        encode(&mut content);
        for part in [name.as_bytes(), content.bytes()] {
            self.put_count(part.len());
            self.put(part);
        }
    }
}

/// The next cache of those that [`Encoder::put_cache`] wrote: its name and what it holds.
fn take_cache<'a>(from: &mut Decoder<'a>) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
    let mut part = || {
        let (count, _) = from.take_count()?;
        from.take_slice(count)
    };
    Ok((part()?, part()?))
}

/// The first of the caches `live` that is another one in `rebuilt`: its name and, where several
/// have that name, which of them.
pub(crate) fn first_difference(live: &[u8], rebuilt: &[u8]) -> Option<String> {
    if live == rebuilt {
        return None;
    }
    let (mut live, mut rebuilt) = (Decoder::new(live), Decoder::new(rebuilt));
    let mut seen = alloc::collections::BTreeMap::<&[u8], u64>::new();
    while let Ok((name, content)) = take_cache(&mut live) {
        let number = seen.entry(name).or_default();
        if take_cache(&mut rebuilt) != Ok((name, content)) {
            return Some(format!("{}[{number}]", String::from_utf8_lossy(name)));
        }
        *number += 1;
    }
    // Of a state written by hand that names no cache, or fewer than its decoded form.
    Some("without a name".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caches(all: &[(&str, u8)]) -> Encoder {
        let mut out = Encoder::new();
        for (name, content) in all {
            out.put_cache(name, |out| out.put_u8(*content));
        }
        out
    }

    fn difference(live: &[(&str, u8)], rebuilt: &[(&str, u8)]) -> Option<String> {
        first_difference(caches(live).bytes(), caches(rebuilt).bytes())
    }

    #[test]
    fn the_first_difference_is_named_and_numbered() {
        let live = [("A.x", 1), ("B.y", 2), ("B.y", 3), ("C.z", 4)];
        assert_eq!(difference(&live, &live), None);
        for (at, named) in ["A.x[0]", "B.y[0]", "B.y[1]", "C.z[0]"].iter().enumerate() {
            let mut rebuilt = live;
            rebuilt[at].1 = 9;
            assert_eq!(difference(&live, &rebuilt).as_deref(), Some(*named));
            assert_eq!(difference(&live, &live[..at]).as_deref(), Some(*named));
        }
        let longer = difference(&live[..1], &live);
        assert_eq!(longer.as_deref(), Some("without a name"));
        let raw = first_difference(&[1, 2], &[1, 3]);
        assert_eq!(raw.as_deref(), Some("without a name"));
    }
}
