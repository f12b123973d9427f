//! [`Patch`], where ore is dug.

use phalanx_engine::Row;

use super::place::Place;

/// Some ore in the ground.
#[derive(Row, Clone, Debug, PartialEq)]
pub struct Patch {
    /// Its middle.
    pub position: Place,
    /// How much is left; a patch with nothing left is removed.
    pub ore: u32,
}
