//! `#[derive(Input)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DeriveInput, Error, Field, Fields, Result};

pub(crate) fn derive(item: &DeriveInput) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.generics,
            "an input has no type parameters",
        ));
    }
    match &item.data {
        Data::Struct(data) => derive_struct(item, &data.fields),
        Data::Enum(data) => derive_enum(item, data),
        Data::Union(data) => Err(Error::new(
            data.union_token.span,
            "a union cannot be an input: use an enum",
        )),
    }
}

/// Whether the field carries `#[input(edge)]`.
fn is_edge(field: &Field) -> Result<bool> {
    let mut edge = false;
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("input"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("edge") {
                edge = true;
                Ok(())
            } else {
                Err(meta.error("unknown option: a field of an input is #[input(edge)] or plain"))
            }
        })?;
    }
    Ok(edge)
}

fn derive_struct(item: &DeriveInput, fields: &Fields) -> Result<TokenStream> {
    let name = &item.ident;
    if fields.is_empty() {
        return Err(Error::new_spanned(name, "an input has at least one field"));
    }
    let members: Vec<_> = fields.members().collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let repeats = fields
        .iter()
        .map(|field| is_edge(field).map(|edge| !edge))
        .collect::<Result<Vec<_>>>()?;

    Ok(quote! {
        #[automatically_derived]
        impl ::phalanx_engine::Input for #name {
            const BYTES: u32 = {
                let bytes = (0 #(+ <#types as ::phalanx_engine::input::Bits>::BITS)*).div_ceil(8);
                assert!(bytes <= ::phalanx_engine::limits::INPUT_BYTES_MAX, "an input is too large");
                bytes
            };
            const REPEAT: &'static [u8] = &::phalanx_engine::input::repeat_mask::<
                { <#name as ::phalanx_engine::Input>::BYTES as _ },
            >(&[#((<#types as ::phalanx_engine::input::Bits>::BITS, #repeats)),*]);

            fn pack(&self, out: &mut [u8]) {
                let mut packer = ::phalanx_engine::input::BitPacker::new(out);
                #(packer.put(self.#members);)*
            }
            fn unpack(bytes: &[u8]) -> Self {
                let mut unpacker = ::phalanx_engine::input::BitUnpacker::new(bytes);
                Self { #(#members: unpacker.take()),* }
            }
        }
    })
}

fn derive_enum(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let name = &item.ident;
    if let Some(variant) = data
        .variants
        .iter()
        .find(|variant| !variant.fields.is_empty())
    {
        return Err(Error::new_spanned(
            variant,
            "an input's enum has no fields: its size is fixed",
        ));
    }
    let count = data.variants.len() as u64;
    if count < 2 {
        return Err(Error::new_spanned(
            name,
            "an input's enum has at least two variants",
        ));
    }
    // Bits that hold the highest tag.
    let bits = u64::BITS - (count - 1).leading_zeros();
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let tags: Vec<_> = (0_u64..).take(variants.len()).collect();

    Ok(quote! {
        #[automatically_derived]
        impl ::phalanx_engine::input::Bits for #name {
            const BITS: u32 = #bits;
            fn to_bits(self) -> u64 {
                match self { #(Self::#variants => #tags),* }
            }
            fn from_bits(bits: u64) -> Self {
                match bits {
                    #(#tags => Self::#variants,)*
                    _ => ::core::default::Default::default(),
                }
            }
        }
    })
}
