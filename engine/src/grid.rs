//! [`Grid`], what is near a place.

use alloc::vec::Vec;

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::digest::{Digest, Node};
use crate::index::at;
use crate::math::{Fix, Vec2};
use crate::rng::mix;
use crate::state::{Schema, State, Visitor, VisitorMut};

/// Rows by where they are, to find those near a place without looking at all.
///
/// It is an index: nothing of it is state but the side of its squares, and it is empty when a tick
/// begins. A step that asks it fills it first:
///
/// ```
/// use phalanx_engine::{Fix, Grid, Row, State, Table, Vec2};
/// #[derive(Row)]
/// struct Unit { position: Vec2 }
/// #[derive(State)]
/// struct World { units: Table<Unit>, grid: Grid }
///
/// let mut world = World { units: Table::new(), grid: Grid::new(Fix::int(4)) };
/// for x in 0..100 {
///     world.units.insert(Unit { position: Vec2::new(Fix::int(x), Fix::ZERO) });
/// }
/// // In `step`:
/// let World { units, grid } = &mut world;
/// grid.fill(units.rows().map(|row| (row, units.position[row])));
/// let near: Vec<u32> = grid.within(Vec2::ZERO, Fix::int(2)).collect();
/// assert_eq!(near, [0, 1, 2]);
/// ```
///
/// **Order.** Rows are told in an order that is the same on every machine, and means nothing else.
///
/// **Time.** Filling it takes time proportional to the rows. A question looks at the squares that the
/// circle touches, and at all rows if there are fewer of those.
#[derive(Clone, Debug)]
pub struct Grid {
    /// A square's side is 2^`shift` steps.
    shift: u32,
    /// Where each bucket ends in `rows`; it begins where the one before ends.
    ends: Vec<u32>,
    rows: Vec<(u32, Vec2)>,
}

/// A square, by its number along each axis.
type Square = (i32, i32);

impl Grid {
    /// A grid of squares with this side, rounded up to a power of two of units and at least one.
    /// Best is about the distance that questions are asked with.
    #[must_use]
    pub fn new(side: Fix) -> Self {
        let side = side.to_bits().max(Fix::ONE.to_bits()).cast_unsigned();
        Self {
            shift: side.next_power_of_two().trailing_zeros(),
            ends: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Forgets all rows and takes in these, each where it is.
    ///
    /// # Panics
    /// With 2³² rows.
    pub fn fill(&mut self, rows: impl Iterator<Item = (u32, Vec2)> + Clone) {
        self.rows.clear();
        self.ends.clear();
        let Some(first) = rows.clone().next() else {
            return;
        };
        let count = rows.clone().count();
        let count = u32::try_from(count).expect("a table has fewer rows");
        // As many buckets as rows: about one square in each.
        self.ends.resize(at(count.next_power_of_two()), 0);
        self.rows.resize(at(count), first);
        for (_, place) in rows.clone() {
            let bucket = self.bucket(self.square(place));
            self.ends[at(bucket)] += 1;
        }
        let mut end = 0;
        for size in &mut self.ends {
            // For now where the bucket begins.
            (*size, end) = (end, end + *size);
        }
        for (row, place) in rows {
            let bucket = self.bucket(self.square(place));
            let next = &mut self.ends[at(bucket)];
            self.rows[at(*next)] = (row, place);
            *next += 1;
        }
    }

    /// Rows at most `radius` away from `center`, exactly.
    pub fn within(&self, center: Vec2, radius: Fix) -> impl Iterator<Item = u32> + '_ {
        self.near(center, radius)
            .filter(move |(_, place)| place.is_within(center, radius))
            .map(|(row, _)| row)
    }

    /// The nearest row that is at most `radius` away and that `wanted` does not refuse; of equally
    /// near ones the lowest.
    #[must_use]
    pub fn nearest(
        &self,
        center: Vec2,
        radius: Fix,
        mut wanted: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        self.near(center, radius)
            .filter(|(_, place)| place.is_within(center, radius))
            .filter(|(row, _)| wanted(*row))
            .min_by_key(|(row, place)| (place.distance_squared(center), *row))
            .map(|(row, _)| row)
    }

    /// What may be within: all of some squares, or all.
    fn near(&self, center: Vec2, radius: Fix) -> impl Iterator<Item = (u32, Vec2)> + '_ {
        let (from, to) = self.span(center, radius);
        let side = |from: i32, to: i32| u64::from(to.abs_diff(from)) + 1;
        let squares = side(from.0, to.0).saturating_mul(side(from.1, to.1));
        let few = squares < self.rows.len() as u64;
        let some = few.then(move || {
            let squares = (from.1..=to.1).flat_map(move |y| (from.0..=to.0).map(move |x| (x, y)));
            squares.flat_map(|square| self.of_square(square))
        });
        let all = (!few).then(|| self.rows.iter().copied());
        some.into_iter().flatten().chain(all.into_iter().flatten())
    }

    /// The squares that a circle's box touches.
    fn span(&self, center: Vec2, radius: Fix) -> (Square, Square) {
        let reach = Vec2::new(radius, radius);
        (self.square(center - reach), self.square(center + reach))
    }

    fn of_square(&self, square: Square) -> impl Iterator<Item = (u32, Vec2)> + '_ {
        let bucket = self.bucket(square);
        let begin = bucket
            .checked_sub(1)
            .map_or(0, |before| self.ends[at(before)]);
        let rows = &self.rows[at(begin)..at(self.ends[at(bucket)])];
        // Other squares may share the bucket.
        let here = move |(_, place): &&(u32, Vec2)| self.square(*place) == square;
        rows.iter().filter(here).copied()
    }

    fn square(&self, place: Vec2) -> Square {
        // A side is at least 2^32 steps.
        #[expect(clippy::cast_possible_truncation, reason = "31 bits are left")]
        let number = |along: Fix| (along.to_bits() >> self.shift) as i32;
        (number(place.x), number(place.y))
    }

    /// There is one, if there are rows.
    fn bucket(&self, (x, y): Square) -> u32 {
        let square = u64::from(x.cast_unsigned()) << 32 | u64::from(y.cast_unsigned());
        #[expect(clippy::cast_possible_truncation, reason = "any 32 bits of it")]
        let hash = mix(square) as u32;
        hash & u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }
}

/// The side of its squares.
impl State for Grid {
    type Undo = ();

    fn open(&mut self, _undo: &mut ()) {
        self.rows.clear();
        self.ends.clear();
    }
    fn close(&mut self, _undo: &mut (), node: Node<'_>) -> Digest {
        self.digest(node)
    }
    fn undo(&mut self, _undo: &mut ()) {}
    fn redo(&mut self, _undo: &mut ()) {}
    fn schema(schema: &mut Schema) {
        schema.leaf("Grid");
    }
    fn encode(&self, out: &mut Encoder) {
        self.shift.encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let shift = u32::decode(from)?;
        if (Fix::FRACTION_BITS..i64::BITS).contains(&shift) {
            Ok(Self {
                shift,
                ends: Vec::new(),
                rows: Vec::new(),
            })
        } else {
            Err(DecodeError::Invalid("Grid"))
        }
    }
    fn visit(&self, _visitor: &mut dyn Visitor) {}
    fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {}
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Places in a heap, and places anywhere.
    fn place() -> impl Strategy<Value = Vec2> {
        let near = -40_000_000_000..40_000_000_000_i64;
        let bits =
            prop_oneof![8 => near, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
        (bits.clone(), bits).prop_map(|(x, y)| Vec2::new(Fix::from_bits(x), Fix::from_bits(y)))
    }

    fn filled(side: Fix, places: &[Vec2]) -> Grid {
        let mut grid = Grid::new(side);
        grid.fill((0..).zip(places.iter().copied()));
        grid
    }

    proptest! {
        #[test]
        fn it_finds_what_looking_at_all_finds(
            places in vec(place(), 0..200),
            center in place(),
            radius in prop_oneof![0..60_000_000_000_i64, any::<i64>()],
            side in any::<i64>(),
            small in 0..40_u32,
        ) {
            let radius = Fix::from_bits(radius);
            let grid = filled(Fix::from_bits(side >> small), &places);
            let found: BTreeSet<u32> = grid.within(center, radius).collect();
            let near = |place: &Vec2| place.is_within(center, radius);
            let wanted: BTreeSet<u32> = (0..).zip(&places).filter(|(_, place)| near(place)).map(|(row, _)| row).collect();
            prop_assert_eq!(&found, &wanted);
            prop_assert_eq!(grid.within(center, radius).count(), wanted.len());

            let odd = |row: u32| row % 2 == 1;
            let nearest = (0..).zip(&places).filter(|(row, place)| odd(*row) && near(place));
            let nearest = nearest.min_by_key(|(row, place)| (place.distance_squared(center), *row));
            prop_assert_eq!(grid.nearest(center, radius, odd), nearest.map(|(row, _)| row));
        }
    }

    #[test]
    fn few_squares_are_looked_at() {
        let places: Vec<Vec2> = (0..10_000)
            .map(|number| Vec2::new(Fix::int(number % 100), Fix::int(number / 100)))
            .collect();
        let grid = filled(Fix::int(2), &places);
        let looked = grid
            .near(Vec2::new(Fix::int(50), Fix::int(50)), Fix::int(2))
            .count();
        assert!((16..=64).contains(&looked), "{looked}");
    }

    #[test]
    fn it_is_empty_when_a_tick_begins() {
        let mut grid = filled(Fix::int(2), &[Vec2::ZERO]);
        assert_eq!(grid.within(Vec2::ZERO, Fix::ZERO).count(), 1);
        let bytes = crate::to_bytes(&grid);
        grid.open(&mut ());
        assert_eq!(grid.within(Vec2::ZERO, Fix::ZERO).count(), 0);
        assert_eq!(crate::to_bytes(&grid), bytes);
        let again: Grid = crate::from_bytes(&bytes).expect("what it wrote");
        assert_eq!(again.shift, grid.shift);
        for shift in [31_u32, 64] {
            let refused = crate::from_bytes::<Grid>(&shift.to_le_bytes()).err();
            assert_eq!(refused, Some(DecodeError::Invalid("Grid")));
        }
    }
}
