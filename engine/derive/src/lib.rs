//! The derives of `phalanx-engine`: `State`, `Row`, `Cell` and `Input`. Use them through that crate, which
//! documents them beside their traits.

mod bytes;
mod input;
mod row;
mod state;
mod wall;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `State` for a struct, or for an enum that is `Clone`. `#[state(cache)]` on a field of a
/// struct keeps it out of the canonical form; `#[state(bytes)]` on a type says that its memory is it.
#[proc_macro_derive(State, attributes(state))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    state::derive(&item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Derives `Row` for a struct with named fields, and makes the struct of its columns.
#[proc_macro_derive(Row, attributes(state))]
pub fn derive_row(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    row::derive_row(&item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Derives `Cell` for a struct or enum of cells that is `State`, `Copy` and `PartialEq`.
#[proc_macro_derive(Cell)]
pub fn derive_cell(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    row::derive_cell(&item)
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
