//! The derives of `phalanx-engine`: `State` and `Input`. Use them through that crate, which
//! documents them beside their traits.

mod input;
mod state;
mod wall;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `State` for a struct, or for an enum that is `Clone`. `#[state(cache)]` on a field of a
/// struct keeps it out of the canonical form.
#[proc_macro_derive(State, attributes(state))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    state::derive(&item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Derives `Input` for a struct, or `Bits` (and with it `Input`) for an enum without fields.
/// `#[input(edge)]` on a field keeps a guess from repeating it.
#[proc_macro_derive(Input, attributes(input))]
pub fn derive_input(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    input::derive(&item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
