//! [`ResumeToken`]: how a player who was away claims its slot.

use core::fmt;
use core::str::FromStr;

use phalanx_engine::{FrameHash, Slot};
use serde::{Deserialize, Serialize};

/// What a relay makes its [`ResumeToken`]s from: 32 bytes that nobody can guess, from the driver's source
/// of randomness. Whoever knows them can take any player's slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ResumeKey(pub [u8; 32]);

impl fmt::Debug for ResumeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeKey(..)")
    }
}

impl ResumeKey {
    /// A new one; `None` if the system has no randomness.
    #[cfg(feature = "quic")]
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut key = [0; 32];
        let system = ring::rand::SystemRandom::new();
        ring::rand::SecureRandom::fill(&system, &mut key).ok()?;
        Some(Self(key))
    }

    /// The token of the `holder`th player in `slot` of the session that begins with `genesis`: keyed BLAKE3.
    pub(crate) fn token(&self, genesis: FrameHash, slot: Slot, holder: u64) -> ResumeToken {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&genesis.0).update(&[slot.0]);
        hasher.update(&holder.to_le_bytes());
        ResumeToken(hasher.finalize().into())
    }
}

/// A player's claim to its slot: the relay gives it when the player joins, and takes it over any later
/// connection, from the same process or from one that was started again. It is as good as the player
/// itself: keep it to yourself. As text it is 64 hexadecimal digits.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct ResumeToken([u8; 32]);

/// In constant time: how much of a guess is right must not be seen from how long it takes.
impl PartialEq for ResumeToken {
    fn eq(&self, other: &Self) -> bool {
        blake3::Hash::from(self.0) == blake3::Hash::from(other.0)
    }
}

impl Eq for ResumeToken {}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(..)")
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is no [`ResumeToken`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a resume token is 64 hexadecimal digits")]
pub struct NoToken;

impl FromStr for ResumeToken {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| NoToken)?;
        Ok(Self(hash.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_holder_of_every_slot_of_every_session_has_its_own() {
        let mut tokens = Vec::new();
        for key in [[0; 32], [1; 32]].map(ResumeKey) {
            for genesis in [[0; 32], [1; 32]].map(FrameHash) {
                for (slot, holder) in [(0, 0), (0, 1), (1, 0), (1, 256)] {
                    tokens.push(key.token(genesis, Slot(slot), holder).to_string());
                }
            }
        }
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 16);
    }

    #[cfg(feature = "quic")]
    #[test]
    fn every_key_is_another() {
        let keys = [(); 2].map(|()| ResumeKey::random().unwrap());
        assert_ne!(keys[0], keys[1]);
        assert!(!keys.contains(&ResumeKey([0; 32])));
    }

    #[test]
    fn tokens_are_written_and_read() {
        let token = ResumeKey([7; 32]).token(FrameHash([1; 32]), Slot(1), 2);
        let text = token.to_string();
        assert_eq!((text.len(), text.parse()), (64, Ok(token)));
        for wrong in [
            "",
            "00",
            &text[1..],
            &format!("{text}0"),
            &text.replace(&text[..2], "g0"),
        ] {
            assert_eq!(wrong.parse::<ResumeToken>(), Err(NoToken));
        }
        assert_eq!(
            format!("{token:?} {:?}", ResumeKey([7; 32])),
            "ResumeToken(..) ResumeKey(..)"
        );
    }
}
