//! [`SigningKey`]: what a relay signs its logs with.

use phalanx_engine::{FrameHash, Tick};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::Signature;

/// An Ed25519 key.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// A new one; `None` if the system has no randomness.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        Ed25519KeyPair::from_pkcs8(document.as_ref()).ok().map(Self)
    }

    /// The key that a secret seed makes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// The key that others know it by.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        let mut key = [0; 32];
        // All public keys of this kind are as long.
        let bytes = self.0.public_key().as_ref();
        bytes
            .iter()
            .zip(&mut key)
            .for_each(|(from, to)| *to = *from);
        key
    }

    /// Signs all frames up to `tick`, whose frame has the hash `head`; `genesis` is what the first one
    /// carries.
    #[must_use]
    pub fn sign(&self, genesis: FrameHash, tick: Tick, head: FrameHash) -> Signature {
        let signed = self.0.sign(&Signature::message(genesis, tick, head));
        let mut bytes = [0; 64];
        let all = signed.as_ref().iter().zip(&mut bytes);
        all.for_each(|(from, to)| *to = *from);
        Signature {
            tick,
            head,
            key: self.public(),
            bytes,
        }
    }
}

impl Signature {
    /// Whether the owner of [`Signature::key`] signed this, of the session whose first frame carries
    /// `genesis`.
    #[must_use]
    pub fn verify(&self, genesis: FrameHash) -> bool {
        let message = Self::message(genesis, self.tick, self.head);
        UnparsedPublicKey::new(&ED25519, &self.key)
            .verify(&message, &self.bytes)
            .is_ok()
    }
}
