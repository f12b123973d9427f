//! [`diff`], what differs between two states, down to the field.

mod path;
mod tree;
mod walk;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

pub use path::Path;
pub use walk::Walk;

use crate::state::{Leaf, State};

/// What differs between two states.
///
/// ```
/// use phalanx_engine::{Fix, Row, State, Table, Vec2, diff, fix};
///
/// #[derive(Row)]
/// struct Unit { position: Vec2, path: Vec<u8> }
///
/// #[derive(State)]
/// struct World { units: Table<Unit>, rain: Option<u8> }
///
/// let start = |x| {
///     let mut world = World { units: Table::new(), rain: None };
///     world.units.insert(Unit { position: Vec2::new(x, Fix::ONE), path: vec![1] });
///     world
/// };
/// let (left, mut right) = (start(fix!(12.5)), start(fix!(12.501)));
/// right.units.insert(Unit { position: Vec2::ZERO, path: vec![] });
/// right.units.path.edit(0).push(7);
/// right.rain = Some(3);
/// assert_eq!(
///     diff(&left, &right, 10).to_string(),
///     "\
/// units[0:1].position.x: 12.500 vs 12.501
/// units[0:1].path[1]: only right
/// units[1:1]: only right
/// rain: None vs Some
/// "
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// In the order of the fields; rows by place.
    pub differences: Vec<Difference>,
    /// There are more than were asked for.
    pub more: bool,
    /// Blocks of rows of which single rows were compared, because their digests differ or are not
    /// known.
    pub blocks_opened: u64,
    /// Blocks of rows there are: in every column the number in that of the two that has more, as far
    /// as was gone before there were enough differences.
    pub blocks: u64,
}

/// One thing that differs. It reads as `units[41:3].position.x: 12.500 vs 12.501`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// How.
    pub sides: Sides,
}

/// What the two states have at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Two values; of enums and options that are of different variants only their names.
    Values {
        /// That of the left state.
        left: Leaf,
        /// That of the right state.
        right: Leaf,
    },
    /// Only the left state has anything there: a row, an element.
    OnlyLeft,
    /// Only the right state has anything there.
    OnlyRight,
    /// Two values whose canonical bytes differ although all leaves that they show are equal.
    Bytes {
        /// How many bytes at the front are equal.
        equal: u64,
    },
}

impl Sides {
    /// What the left and the right state have, as text: `None` where there is nothing, `...` where
    /// there is more than a value. Fixed-point numbers are rounded to three digits, or to as many as
    /// tell them apart.
    #[must_use]
    pub fn texts(&self) -> (Option<String>, Option<String>) {
        let more = || Some("...".to_string());
        match self {
            Self::Values { left, right } => {
                let (left, right) = values(*left, *right);
                (Some(left), Some(right))
            }
            Self::OnlyLeft => (more(), None),
            Self::OnlyRight => (None, more()),
            Self::Bytes { .. } => (more(), more()),
        }
    }
}

/// Fixed-point numbers are rounded to three digits, or to as many as tell them apart.
impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values { left, right } => {
                let (left, right) = values(*left, *right);
                write!(f, "{left} vs {right}")
            }
            Self::OnlyLeft => f.write_str("only left"),
            Self::OnlyRight => f.write_str("only right"),
            Self::Bytes { equal } => write!(f, "differs after {equal} bytes"),
        }
    }
}

fn values(left: Leaf, right: Leaf) -> (String, String) {
    if let (Leaf::Fixed { .. }, Leaf::Fixed { .. }) = (left, right) {
        // Ten digits tell any two numbers apart: the step of `Fix` is 2⁻³².
        let mut texts =
            (3..=10).map(|digits| (format!("{left:.digits$}"), format!("{right:.digits$}")));
        if let Some(texts) = texts.find(|(left, right)| left != right) {
            return texts;
        }
    }
    (left.to_string(), right.to_string())
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.sides)
    }
}

/// A line for each difference, and `...` if there are more.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        if self.more {
            writeln!(f, "...")?;
        }
        Ok(())
    }
}

/// What differs between `left` and `right`, at most `limit` differences. Two states of equal encoding
/// have none, and others at least one.
///
/// Only what is not equal is gone into. Structs and tuples are compared field by field, and within
/// them a leaf or plain container by its canonical bytes first. The elements of containers are
/// compared in order, so what is inserted at the front of one shifts all others.
///
/// A [`Table`](crate::Table) is compared by the digests that its blocks of rows had when a tick was last
/// closed: **equal digests under equal keys are trusted**, and of unequal ones the rows are compared.
/// So are those of blocks that were written to since, and of whole tables of which no tick was ever
/// closed, as after decoding. What was written to places where no row lives is not looked at: it is gone
/// when the tick ends.
pub fn diff<T: State>(left: &T, right: &T, limit: u32) -> Diff {
    let mut walk = Walk::new(limit);
    left.diff(right, &mut walk);
    walk.finish()
}
