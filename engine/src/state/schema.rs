//! [`Schema`]: names and types of a state as text, and their fingerprint.

use alloc::string::String;
use core::fmt::Write;

use super::State;
use crate::digest::Digest;
use crate::limits::SCHEMA_DEPTH_MAX;

/// The description of a state's types: what two builds must agree on before they play.
///
/// ```
/// use phalanx_engine::{Schema, State};
/// #[derive(State, Clone)]
/// struct Score { rounds: [u8; 2], winner: Option<u8> }
/// assert_eq!(Schema::of::<Score>().text(), "Score{rounds:[u8;2],winner:Option<u8>}");
/// ```
#[derive(Debug, Default)]
pub struct Schema {
    text: String,
    depth: u32,
}

impl Schema {
    /// The schema of `T`.
    #[must_use]
    pub fn of<T: State>() -> Self {
        let mut schema = Self::default();
        T::schema(&mut schema);
        schema
    }

    /// The description, without spaces.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Hash of the description.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        Digest::of(0, self.text.as_bytes()).0
    }

    /// Adds the name of a leaf type.
    pub fn leaf(&mut self, name: &str) {
        self.text.push_str(name);
    }

    /// Adds a group such as `Name{…}` or `[…;8]` around what `content` adds.
    ///
    /// # Panics
    /// If types nest deeper than [`SCHEMA_DEPTH_MAX`], as a type that contains itself would.
    pub fn group(&mut self, open: &str, close: &str, content: impl FnOnce(&mut Self)) {
        assert!(
            self.depth < SCHEMA_DEPTH_MAX,
            "a state's types nest too deep, or contain themselves"
        );
        self.depth += 1;
        self.text.push_str(open);
        content(self);
        self.text.push_str(close);
        self.depth -= 1;
    }

    /// Adds a field or variant by name, separated from the one before.
    pub fn field(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        if !self.text.ends_with(['{', '(']) {
            self.text.push(',');
        }
        self.text.push_str(name);
        self.text.push(':');
        content(self);
    }

    /// Adds a number, such as the length of an array.
    pub fn number(&mut self, number: u64) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{number}");
    }
}
