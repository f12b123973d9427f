//! What `#[derive(State)]` asks of a type whose name is often that of something a state cannot
//! hold. Every state has these traits, whatever its name; for other types, the error gives advice.

use super::State;

macro_rules! wall {
    ($($(#[doc = $doc:literal])* $name:ident: $why:literal;)*) => {$(
        $(#[doc = $doc])*
        #[diagnostic::on_unimplemented(
            message = "`{Self}` cannot be part of a state",
            label = $why
        )]
        pub trait $name {}

        // So that the error is this trait's, and not that of `State`.
        #[diagnostic::do_not_recommend]
        impl<T: State> $name for T {}
    )*};
}

wall! {
    /// Has one order on every machine.
    Ordered: "its order differs between runs: use `BTreeMap` or `BTreeSet`";
    /// Is held in one place, by value.
    Owned: "a pointer has no canonical form: own the value, or refer to it by index or id";
    /// Changes only through the `&mut` that `step` has.
    Unshared: "`step` has the whole state as `&mut`: hold the value itself";
    /// Knows no clock.
    Timeless: "time is a tick here: count in `Tick`";
}

/// Every type, by a name under which the compiler does not ask at once whether a bound on it holds.
/// The derive bounds a doubtful type so, beside the bound above: the one error is then the advice.
pub trait Same<'a> {
    /// The type.
    type Itself: ?Sized;
}

impl<T: ?Sized> Same<'_> for T {
    type Itself = T;
}
