//! [`Pad`], what a player contributes to a tick.

use phalanx_engine::Input;
use serde::{Deserialize, Serialize};

/// The controls of one fighter: one byte. The attacks are true only in the tick of the press, so
/// that a guess never attacks again by itself.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct Pad {
    /// Walk to the left; held away from the opponent it also blocks.
    pub left: bool,
    /// Walk to the right; held away from the opponent it also blocks.
    pub right: bool,
    /// Jump, again and again while held.
    pub up: bool,
    /// Crouch.
    pub down: bool,
    /// Block without walking.
    pub block: bool,
    /// Start a light attack.
    #[input(edge)]
    pub light: bool,
    /// Start a heavy attack.
    #[input(edge)]
    pub heavy: bool,
    /// Throw a projectile.
    #[input(edge)]
    pub special: bool,
}

/// Every byte is a pad.
impl From<u8> for Pad {
    fn from(packed: u8) -> Self {
        Self::unpack(&[packed])
    }
}

impl From<Pad> for u8 {
    fn from(pad: Pad) -> Self {
        let mut packed = [0];
        pad.pack(&mut packed);
        packed[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_pad() {
        assert_eq!(Pad::BYTES, 1);
        for byte in 0..=u8::MAX {
            assert_eq!(u8::from(Pad::from(byte)), byte);
            // As ggrs would send it.
            let sent = postcard::to_allocvec(&Pad::from(byte)).unwrap();
            assert_eq!(sent, [byte]);
            assert_eq!(postcard::from_bytes(&sent), Ok(Pad::from(byte)));
        }
    }

    #[test]
    fn a_guess_never_attacks() {
        let all = Pad::from(0xff);
        let held = Pad {
            light: false,
            heavy: false,
            special: false,
            ..all
        };
        assert_eq!(all.repeated(), held);
    }
}
