//! [`Tape`]: the values of one [`Component`], in order, reduced to a running digest.

use core::fmt;
use core::str::FromStr;

use phalanx_engine::{Digest, State, to_bytes};

/// One thing that is compared between machines.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    name: &'static str,
    brief: u64,
    values: fn(&mut Tape<'_>),
}

impl Component {
    /// The component that writes `values`.
    pub(crate) const fn new(name: &'static str, values: fn(&mut Tape<'_>)) -> Self {
        let brief = u64::MAX;
        Self {
            name,
            brief,
            values,
        }
    }

    /// With a line every `values` values also in [`Detail::Brief`].
    pub(crate) const fn line_every(mut self, values: u64) -> Self {
        self.brief = values;
        self
    }

    /// Its name, such as `fix.mul`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Writes all values; `out` gets the lines.
    pub fn run(&self, detail: Detail, plant: Option<&Plant>, out: &mut dyn FnMut(Line)) {
        let mut tape = Tape {
            component: self.name,
            every: match detail {
                Detail::Brief => self.brief,
                Detail::Full => 1,
            },
            plant: plant.filter(|plant| plant.component == self.name),
            last: None,
            out,
        };
        (self.values)(&mut tape);
        tape.end();
    }
}

/// How many lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Per component the last one, and some on the way where finding the place matters.
    Brief,
    /// One per value.
    Full,
}

/// A fault on purpose: the lowest bit of one value is flipped. Written `COMPONENT@INDEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plant {
    /// [`Component::name`].
    pub component: String,
    /// Which of its values, from 0.
    pub index: u64,
}

/// A [`Plant`] is written otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a planted fault is written COMPONENT@INDEX, such as duel.2@1234")]
pub struct PlantError;

impl FromStr for Plant {
    type Err = PlantError;
    fn from_str(text: &str) -> Result<Self, PlantError> {
        let (component, index) = text.split_once('@').ok_or(PlantError)?;
        Ok(Self {
            component: component.to_owned(),
            index: index.parse().map_err(|_| PlantError)?,
        })
    }
}

/// One line of a run: `component index digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// [`Component::name`].
    pub component: &'static str,
    /// The value after which the digest is taken, from 0; for a match, the tick.
    pub index: u64,
    /// Digest of this value and all before it.
    pub digest: Digest,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.component, self.index, self.digest)
    }
}

/// Takes the values of one component.
pub struct Tape<'a> {
    component: &'static str,
    /// A line after this many values.
    every: u64,
    plant: Option<&'a Plant>,
    last: Option<Line>,
    out: &'a mut dyn FnMut(Line),
}

impl Tape<'_> {
    /// Appends a value: its canonical bytes.
    pub fn note(&mut self, value: &impl State) {
        let (index, before) = match self.last {
            None => (0, Digest::default()),
            Some(line) => (line.index + 1, line.digest),
        };
        let mut bytes = to_bytes(value);
        if self.plant.is_some_and(|plant| plant.index == index) {
            bytes[0] ^= 1;
        }
        let line = Line {
            component: self.component,
            index,
            digest: before.chain(Digest::of(0, &bytes)),
        };
        self.last = Some(line);
        if self.ends_a_line(index) {
            (self.out)(line);
        }
    }

    const fn ends_a_line(&self, index: u64) -> bool {
        index % self.every == self.every - 1
    }

    /// The last value always has its line.
    fn end(self) {
        let line = self.last.expect("a component has values");
        if !self.ends_a_line(line.index) {
            (self.out)(line);
        }
    }
}
