//! `#[state(bytes)]`: a type that lies in memory as it is encoded.
//!
//! That there is no padding is proved by whoever makes it `bytemuck::NoUninit`, which the code made
//! here asks for. What is left is the order of fields, and that each of them lies so, too.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{DataEnum, DeriveInput, Error, Meta, Result, Token, Type};

use crate::state::has_option;

const WHY: &str = "unknown option: a type is #[state(bytes)] or plain, and only a field of a struct is \
                   #[state(cache)]: an enum as a whole may be such a field";

fn is_bytes(item: &DeriveInput) -> Result<bool> {
    has_option(&item.attrs, "bytes", WHY)
}

/// Whether the type has one of these representations.
fn is_repr(item: &DeriveInput, wanted: &[&str]) -> Result<bool> {
    let mut found = false;
    for attribute in item.attrs.iter().filter(|at| at.path().is_ident("repr")) {
        let reprs = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
        found |= reprs
            .iter()
            .any(|repr| wanted.iter().any(|name| repr.path().is_ident(name)));
    }
    Ok(found)
}

/// What a struct of fields of these types has for the option, unless it has a cache as well.
pub(crate) fn derive_struct(
    item: &DeriveInput,
    types: &[&Type],
    cache: Option<&impl ToTokens>,
) -> Result<TokenStream> {
    if !is_bytes(item)? {
        return Ok(TokenStream::new());
    }
    if let Some(cache) = cache {
        let why = "a cache is not encoded: a struct that has one cannot be #[state(bytes)]";
        return Err(Error::new_spanned(cache, why));
    }
    if !is_repr(item, &["C", "transparent"])? {
        let why = "fields lie in their order only with #[repr(C)]";
        return Err(Error::new_spanned(&item.ident, why));
    }
    let why = format!(
        "each field of `{}` has to lie in memory as it is encoded: an integer, `bool`, `Fix` or the \
         like, an array of them, or what is #[state(bytes)] itself",
        item.ident.unraw()
    );
    Ok(in_place(&quote! {{
        #(::core::assert!(<#types as ::phalanx_engine::State>::IN_PLACE, #why);)*
        true
    }}))
}

/// What an enum has for the option.
pub(crate) fn derive_enum(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    if !is_bytes(item)? {
        return Ok(TokenStream::new());
    }
    let bare = data
        .variants
        .iter()
        .all(|variant| variant.fields.is_empty() && variant.discriminant.is_none());
    if !bare || !is_repr(item, &["u8"])? {
        let why = "an enum is encoded as it lies only with #[repr(u8)], without fields and without \
                   numbers of its own";
        return Err(Error::new_spanned(&item.ident, why));
    }
    Ok(in_place(&quote!(true)))
}

fn in_place(proof: &TokenStream) -> TokenStream {
    quote! {
        const IN_PLACE: bool = #proof;
        #[inline]
        fn bytes_of(items: &[Self]) -> ::core::option::Option<&[u8]> {
            const { ::core::assert!(<Self as ::phalanx_engine::State>::IN_PLACE) };
            ::phalanx_engine::memory_of(items)
        }
    }
}

/// What makes the compiler look at the proof at once, if it can.
pub(crate) fn proof(item: &DeriveInput) -> Result<TokenStream> {
    let name = &item.ident;
    Ok(if is_bytes(item)? && item.generics.params.is_empty() {
        quote!(const _: bool = <#name as ::phalanx_engine::State>::IN_PLACE;)
    } else {
        TokenStream::new()
    })
}
