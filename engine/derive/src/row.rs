//! `#[derive(Row)]` and `#[derive(Cell)]`.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, FieldsNamed, Result, parse_quote};

use crate::state::refuse_options;
use crate::wall;

/// The struct of columns, and the way between it and rows.
pub(crate) fn derive_row(item: &DeriveInput) -> Result<TokenStream> {
    let name = &item.ident;
    let refuse = |what: &str| Err(Error::new_spanned(name, what));
    let Data::Struct(data) = &item.data else {
        return refuse("a row is a struct");
    };
    let Fields::Named(fields) = &data.fields else {
        return refuse("a row's fields have names, which are those of its columns");
    };
    if fields.named.is_empty() {
        return refuse("a row has at least one field");
    }
    if !item.generics.params.is_empty() {
        return refuse("a row has no type parameters: write a struct for each kind of row");
    }
    wall::check(item)?;
    for field in &fields.named {
        refuse_options(
            &field.attrs,
            "a row has no #[state(cache)]: keep what can be computed beside the table, in the state",
        )?;
    }
    let columns = format_ident!("{}Columns", name.unraw(), span = name.span());
    let structure = columns_struct(item, fields, &columns);
    let implementation = row_impl(name, fields, &columns);
    Ok(quote!(#structure #implementation))
}

fn columns_struct(item: &DeriveInput, fields: &FieldsNamed, columns: &Ident) -> TokenStream {
    let visibility = &item.vis;
    let doc = format!("The columns of a table of [`{}`].", item.ident.unraw());
    let column = fields.named.iter().map(|field| {
        let docs = field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("doc"));
        let (visibility, name) = (&field.vis, &field.ident);
        let ty = without_self(field.ty.to_token_stream(), &item.ident);
        // So that a type that no row can hold is pointed at.
        let store =
            quote_spanned!(field.ty.span()=> <#ty as ::phalanx_engine::table::Field>::Store);
        quote!(#(#docs)* #visibility #name: #store)
    });
    quote! {
        #[doc = #doc]
        #[derive(::phalanx_engine::State, ::core::default::Default, ::core::clone::Clone)]
        #visibility struct #columns {
            #(#column,)*
        }
    }
}

/// The same type where `Self` is another one: the row by its name.
fn without_self(tokens: TokenStream, row: &Ident) -> TokenStream {
    let named = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(ident) if ident == "Self" => {
            let mut row = row.clone();
            row.set_span(ident.span());
            row.into()
        }
        TokenTree::Group(group) => {
            let inner = without_self(group.stream(), row);
            let mut named = Group::new(group.delimiter(), inner);
            named.set_span(group.span());
            named.into()
        }
        other => other,
    });
    named.collect()
}

fn row_impl(name: &Ident, fields: &FieldsNamed, columns: &Ident) -> TokenStream {
    let idents: Vec<_> = fields.named.iter().flat_map(|field| &field.ident).collect();
    let names = idents.iter().map(|ident| ident.unraw().to_string());
    let names: Vec<_> = names.collect();
    let index: Vec<_> = (0_u32..).take(idents.len()).collect();
    let store = quote!(::phalanx_engine::table::Store);
    quote! {
        #[automatically_derived]
        impl ::phalanx_engine::Row for #name {
            type Columns = #columns;

            fn rows(columns: &#columns) -> ::core::option::Option<u32> {
                let rows = [#(#store::rows(&columns.#idents)),*];
                rows.iter().all(|count| *count == rows[0]).then_some(rows[0])
            }
            #[inline]
            fn grow(columns: &mut #columns, row: Self) {
                #(#store::grow(&mut columns.#idents, row.#idents);)*
            }
            #[inline]
            fn read(columns: &#columns, row: u32) -> Self {
                Self { #(#idents: #store::read(&columns.#idents, row)),* }
            }
            #[inline]
            fn write(columns: &mut #columns, row: u32, value: Self) {
                #(#store::write(&mut columns.#idents, row, value.#idents);)*
            }
            #[inline]
            fn erase(columns: &mut #columns, row: u32) {
                #(#store::erase(&mut columns.#idents, row);)*
            }
            fn is_erased(columns: &#columns, row: u32) -> bool {
                #(#store::is_erased(&columns.#idents, row))&&*
            }
            fn sweep(columns: &mut #columns, live: &[u16]) {
                #(#store::sweep(&mut columns.#idents, live);)*
            }
            fn unequal(
                left: &#columns,
                right: &#columns,
                walk: &mut ::phalanx_engine::Walk,
                found: &mut dyn ::core::ops::FnMut(u32, u32),
            ) {
                #(#store::unequal(&left.#idents, &right.#idents, walk, &mut |block| {
                    found(#index, block);
                });)*
            }
            fn diff_field(
                left: &#columns,
                right: &#columns,
                row: u32,
                field: u32,
                walk: &mut ::phalanx_engine::Walk,
            ) {
                match field {
                    #(#index => walk.within(::phalanx_engine::PathStep::Field(#names), |walk| {
                        #store::diff_row(&left.#idents, &right.#idents, row, walk);
                    }),)*
                    _ => {}
                }
            }
            fn visit(columns: &#columns, row: u32, visitor: &mut dyn ::phalanx_engine::Visitor) {
                #(
                    visitor.enter(::phalanx_engine::PathStep::Field(#names));
                    #store::visit_row(&columns.#idents, row, visitor);
                    visitor.leave();
                )*
            }
            fn visit_mut(
                columns: &mut #columns,
                row: u32,
                visitor: &mut dyn ::phalanx_engine::VisitorMut,
            ) {
                #(
                    visitor.enter(::phalanx_engine::PathStep::Field(#names));
                    #store::visit_row_mut(&mut columns.#idents, row, visitor);
                    visitor.leave();
                )*
            }
        }
    }
}

pub(crate) fn derive_cell(item: &DeriveInput) -> Result<TokenStream> {
    wall::check(item)?;
    for field in wall::fields(&item.data) {
        refuse_options(
            &field.attrs,
            "a cell is its bytes and has no #[state(cache)]",
        )?;
    }
    let mut generics = item.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::phalanx_engine::Cell));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = &item.ident;
    let body = match &item.data {
        Data::Struct(data) => cell_struct(&data.fields),
        Data::Enum(data) => cell_enum(item, data)?,
        Data::Union(data) => {
            return Err(Error::new(
                data.union_token.span,
                "a union has no canonical form: use an enum",
            ));
        }
    };
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::phalanx_engine::Cell for #name #type_generics #where_clause {
            #body
        }
    })
}

/// Bytes of fields of these types.
fn width(fields: &Fields) -> TokenStream {
    let types = fields.iter().map(|field| &field.ty);
    quote!((0 #(+ <#types as ::phalanx_engine::Cell>::BYTES)*))
}

fn cell_struct(fields: &Fields) -> TokenStream {
    let members: Vec<_> = fields.members().collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let width = width(fields);
    quote! {
        const BYTES: u32 = #width;
        const ZERO: Self = Self { #(#members: <#types as ::phalanx_engine::Cell>::ZERO),* };
        #[inline]
        fn encode_cell(&self, out: &mut [u8]) {
            #(let out = ::phalanx_engine::Cell::encode_front(&self.#members, out);)*
            let _ = out;
        }
        #[inline]
        fn decode_cell(
            _from: &mut ::phalanx_engine::Decoder<'_>,
        ) -> ::core::result::Result<Self, ::phalanx_engine::DecodeError> {
            ::core::result::Result::Ok(Self {
                #(#members: <#types as ::phalanx_engine::Cell>::decode_cell(_from)?),*
            })
        }
    }
}

fn cell_enum(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let Some(first) = data.variants.first() else {
        return Err(Error::new_spanned(
            &item.ident,
            "an enum without variants has no value",
        ));
    };
    let widths: Vec<_> = data
        .variants
        .iter()
        .map(|variant| width(&variant.fields))
        .collect();
    let (zero, zero_members) = (&first.ident, first.fields.members());
    let zero_types = first.fields.iter().map(|field| &field.ty);
    let name_text = item.ident.unraw().to_string();

    let (mut puts, mut takes) = (Vec::new(), Vec::new());
    for ((tag, variant), width) in (0_u32..).zip(&data.variants).zip(&widths) {
        let tag = u8::try_from(tag)
            .map_err(|_| Error::new_spanned(variant, "a state's enum has at most 256 variants"))?;
        let ident = &variant.ident;
        let members: Vec<_> = variant.fields.members().collect();
        let types: Vec<_> = variant.fields.iter().map(|field| &field.ty).collect();
        let bound: Vec<_> = (0..members.len())
            .map(|index| format_ident!("f{index}"))
            .collect();
        puts.push(quote! {
            Self::#ident { #(#members: #bound),* } => {
                let out = ::phalanx_engine::Cell::encode_front(&#tag, out);
                #(let out = ::phalanx_engine::Cell::encode_front(#bound, out);)*
                out.fill(0);
            }
        });
        takes.push(quote! {
            #tag => {
                #(let #bound = <#types as ::phalanx_engine::Cell>::decode_cell(from)?;)*
                from.take_zeros(Self::BYTES - 1 - #width, #name_text)?;
                Self::#ident { #(#members: #bound),* }
            }
        });
    }
    Ok(quote! {
        const BYTES: u32 = {
            let widths = [#(#widths),*];
            let (mut widest, mut index) = (0, 0);
            while index < widths.len() {
                if widths[index] > widest { widest = widths[index]; }
                index += 1;
            }
            1 + widest
        };
        const ZERO: Self = Self::#zero {
            #(#zero_members: <#zero_types as ::phalanx_engine::Cell>::ZERO),*
        };
        #[inline]
        fn encode_cell(&self, out: &mut [u8]) {
            match self { #(#puts)* }
        }
        fn decode_cell(
            from: &mut ::phalanx_engine::Decoder<'_>,
        ) -> ::core::result::Result<Self, ::phalanx_engine::DecodeError> {
            ::core::result::Result::Ok(match from.take_u8()? {
                #(#takes)*
                _ => return ::core::result::Result::Err(
                    ::phalanx_engine::DecodeError::Invalid(#name_text),
                ),
            })
        }
    })
}
