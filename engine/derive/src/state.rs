//! `#[derive(State)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Error, Field, Fields, Generics, Index, Member, Result,
    Type, parse_quote,
};

use crate::{bytes, wall};

pub(crate) fn derive(item: &DeriveInput) -> Result<TokenStream> {
    match &item.data {
        Data::Struct(data) => derive_struct(item, &data.fields),
        Data::Enum(data) => derive_enum(item, data),
        Data::Union(data) => Err(Error::new(
            data.union_token.span,
            "a union has no canonical form: use an enum",
        )),
    }
}

/// Adds `T: State` (for enums also `Clone`) to every type parameter.
fn bounded(generics: &Generics, with_clone: bool) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::phalanx_engine::State));
        if with_clone {
            parameter.bounds.push(parse_quote!(::core::clone::Clone));
        }
    }
    generics
}

fn members(fields: &Fields) -> Vec<Member> {
    fields.members().collect()
}

/// The step of a path that leads to a field.
fn step(member: &Member) -> TokenStream {
    match member {
        Member::Named(name) => {
            let name = name.unraw().to_string();
            quote!(::phalanx_engine::PathStep::Field(#name))
        }
        Member::Unnamed(Index { index, .. }) => {
            quote!(::phalanx_engine::PathStep::Position(#index))
        }
    }
}

fn field_name(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Whether `#[state(known)]` is there; any other option is an error, `why`.
pub(crate) fn has_option(attributes: &[Attribute], known: &str, why: &str) -> Result<bool> {
    let mut found = false;
    for attribute in options(attributes) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident(known) {
                found = true;
                Ok(())
            } else {
                Err(meta.error(why))
            }
        })?;
    }
    Ok(found)
}

/// Whether the field carries `#[state(cache)]`.
fn is_cache(field: &Field) -> Result<bool> {
    let why = "unknown option: a field of a state is #[state(cache)] or plain";
    has_option(&field.attrs, "cache", why)
}

fn options(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("state"))
}

/// Refuses `#[state(…)]` where it cannot stand, and says `why`.
pub(crate) fn refuse_options(attributes: &[Attribute], why: &str) -> Result<()> {
    match options(attributes).next() {
        Some(option) => Err(Error::new_spanned(option, why)),
        None => Ok(()),
    }
}

const FIELDS_ONLY: &str =
    "only a field of a struct is #[state(cache)]: an enum as a whole may be such a field";

/// A field of a struct.
struct Part<'a> {
    member: Member,
    ty: &'a Type,
    /// Binds its undo record.
    undo: Ident,
}

/// The fields of a struct: those of its canonical form, and its caches.
fn parts<'a>(name: &Ident, fields: &'a Fields) -> Result<(Vec<Part<'a>>, Vec<Part<'a>>)> {
    let (mut kept, mut caches) = (Vec::new(), Vec::new());
    for (index, (field, member)) in fields.iter().zip(fields.members()).enumerate() {
        let part = Part {
            member,
            ty: &field.ty,
            undo: format_ident!("f{index}"),
        };
        if is_cache(field)? {
            caches.push(part);
        } else {
            kept.push(part);
        }
    }
    if kept.is_empty() && !caches.is_empty() {
        return Err(Error::new_spanned(
            name,
            "nothing but caches: make the field that holds this one #[state(cache)] instead",
        ));
    }
    Ok((kept, caches))
}

/// The pattern of a struct's undo record; its type, and the methods that treat all fields alike.
/// Records nest as pairs, so that there is no bound on the number of fields.
fn undo_methods(kept: &[Part<'_>], caches: &[Part<'_>]) -> (TokenStream, TokenStream) {
    let all = || kept.iter().chain(caches);
    let members: Vec<_> = all().map(|part| &part.member).collect();
    let undo: Vec<_> = all().map(|part| &part.undo).collect();
    let pattern = undo
        .iter()
        .rev()
        .fold(quote!(()), |rest, name| quote!((#name, #rest)));
    let record = all().rev().fold(
        quote!(()),
        |rest, Part { ty, .. }| quote!((<#ty as ::phalanx_engine::State>::Undo, #rest)),
    );
    let methods = quote! {
        type Undo = #record;

        #[inline]
        fn open(&mut self, undo: &mut Self::Undo) {
            let #pattern = undo;
            #(::phalanx_engine::State::open(&mut self.#members, #undo);)*
        }
        #[inline]
        fn undo(&mut self, undo: &mut Self::Undo) {
            let #pattern = undo;
            #(::phalanx_engine::State::undo(&mut self.#members, #undo);)*
        }
        #[inline]
        fn redo(&mut self, undo: &mut Self::Undo) {
            let #pattern = undo;
            #(::phalanx_engine::State::redo(&mut self.#members, #undo);)*
        }
    };
    (pattern, methods)
}

/// `State::encode_caches` of a struct: its own caches, and those inside its fields.
fn encode_caches(name: &Ident, kept: &[Part<'_>], caches: &[Part<'_>]) -> TokenStream {
    let kept = kept.iter().map(|part| &part.member);
    let own = caches.iter().map(|Part { member, .. }| {
        let path = format!("{}.{}", name.unraw(), field_name(member));
        quote! {
            _out.put_cache(#path, |out| {
                ::phalanx_engine::State::encode(&self.#member, out);
                ::phalanx_engine::State::encode_caches(&self.#member, out);
            });
        }
    });
    quote! {
        fn encode_caches(&self, _out: &mut ::phalanx_engine::Encoder) {
            #(::phalanx_engine::State::encode_caches(&self.#kept, _out);)*
            #(#own)*
        }
    }
}

fn derive_struct(item: &DeriveInput, fields: &Fields) -> Result<TokenStream> {
    let name = &item.ident;
    let mut generics = bounded(&item.generics, false);
    wall::guard(item, &mut generics)?;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();

    let (kept, caches) = parts(name, fields)?;
    let members: Vec<_> = kept.iter().map(|part| &part.member).collect();
    let types: Vec<_> = kept.iter().map(|part| part.ty).collect();
    let names: Vec<_> = kept.iter().map(|part| field_name(&part.member)).collect();
    let steps: Vec<_> = kept.iter().map(|part| step(&part.member)).collect();
    let index: Vec<_> = (0_u32..).take(members.len()).collect();
    let undo: Vec<_> = kept.iter().map(|part| &part.undo).collect();
    let open_text = format!("{}{{", name.unraw());
    let caches_members: Vec<_> = caches.iter().map(|part| &part.member).collect();
    let caches_undo: Vec<_> = caches.iter().map(|part| &part.undo).collect();
    let (undo_pattern, undo_methods) = undo_methods(&kept, &caches);
    let encode_caches = encode_caches(name, &kept, &caches);
    let in_place = bytes::derive_struct(item, &types, caches_members.first())?;
    let proof = bytes::proof(item)?;
    let walks = walks(&members, &steps);
    let encodes = encodes(&members, &steps);

    Ok(quote! {
        #proof
        #[automatically_derived]
        impl #impl_generics ::phalanx_engine::State for #name #type_generics #where_clause {
            const WIDTH: ::core::option::Option<u32> = ::phalanx_engine::width_of(&[
                #(<#types as ::phalanx_engine::State>::WIDTH),*
            ]);
            #in_place
            #undo_methods
            #[inline]
            fn close(
                &mut self,
                undo: &mut Self::Undo,
                mut _node: ::phalanx_engine::Node<'_>,
            ) -> ::phalanx_engine::Digest {
                let #undo_pattern = undo;
                #(
                    // A cache ends its tick as well; what it holds is in no digest.
                    let _ = ::phalanx_engine::State::close(
                        &mut self.#caches_members, #caches_undo, _node.child(0),
                    );
                )*
                let digests = [#(
                    ::phalanx_engine::State::close(&mut self.#members, #undo, _node.child(#index))
                ),*];
                _node.fold(&digests)
            }
            #walks
            fn schema(schema: &mut ::phalanx_engine::Schema) {
                schema.group(#open_text, "}", |_schema| {
                    #(_schema.field(#names, <#types as ::phalanx_engine::State>::schema);)*
                });
            }
            #encodes
            #encode_caches
            fn decode(
                _from: &mut ::phalanx_engine::Decoder<'_>,
            ) -> ::core::result::Result<Self, ::phalanx_engine::DecodeError> {
                ::core::result::Result::Ok(Self {
                    #(#members: ::phalanx_engine::State::decode(_from)?,)*
                    #(#caches_members: ::core::default::Default::default(),)*
                })
            }
            fn visit(&self, _visitor: &mut dyn ::phalanx_engine::Visitor) {
                #(
                    _visitor.enter(#steps);
                    ::phalanx_engine::State::visit(&self.#members, _visitor);
                    _visitor.leave();
                )*
            }
            fn visit_mut(&mut self, _visitor: &mut dyn ::phalanx_engine::VisitorMut) {
                #(
                    _visitor.enter(#steps);
                    ::phalanx_engine::State::visit_mut(&mut self.#members, _visitor);
                    _visitor.leave();
                )*
            }
        }
    })
}

/// What writes the canonical form of a struct.
fn encodes<M: ToTokens>(members: &[M], steps: &[TokenStream]) -> TokenStream {
    quote! {
        #[inline]
        fn encode(&self, _out: &mut ::phalanx_engine::Encoder) {
            match const { <Self as ::phalanx_engine::State>::WIDTH } {
                ::core::option::Option::Some(width) => {
                    ::phalanx_engine::State::encode_fixed(self, _out.put_room(width));
                }
                ::core::option::Option::None => {
                    #(::phalanx_engine::State::encode(&self.#members, _out);)*
                }
            }
        }
        fn encode_fields(
            &self,
            _out: &mut ::phalanx_engine::Encoder,
            _field: &mut dyn ::core::ops::FnMut(
                ::phalanx_engine::PathStep, &::phalanx_engine::Encoder,
            ),
        ) {
            #(
                ::phalanx_engine::State::encode(&self.#members, _out);
                _field(#steps, _out);
            )*
        }
        #[inline]
        fn encode_fixed(&self, _out: &mut [u8]) {
            #(let _out = ::phalanx_engine::State::encode_next(&self.#members, _out);)*
        }
    }
}

/// What goes field by field through a struct, or two of them.
fn walks<M: ToTokens>(members: &[M], steps: &[TokenStream]) -> TokenStream {
    let index: Vec<_> = (0_u32..).take(members.len()).collect();
    let shown = index
        .iter()
        .zip(members)
        .zip(steps)
        .map(|((index, member), step)| {
            quote! {{
                _visitor.enter(#step);
                let digest = ::phalanx_engine::State::visit_digests(
                    &self.#member, _node.child(#index), _visitor,
                );
                _visitor.leave();
                digest
            }}
        });
    quote! {
        fn digest(&self, mut _node: ::phalanx_engine::Node<'_>) -> ::phalanx_engine::Digest {
            let digests = [#(
                ::phalanx_engine::State::digest(&self.#members, _node.child(#index))
            ),*];
            _node.fold(&digests)
        }
        fn visit_digests(
            &self,
            mut _node: ::phalanx_engine::Node<'_>,
            _visitor: &mut dyn ::phalanx_engine::DigestVisitor,
        ) -> ::phalanx_engine::Digest {
            let digests = [#(#shown),*];
            _node.show(&digests, _visitor)
        }
        fn diff(&self, _other: &Self, _walk: &mut ::phalanx_engine::Walk) {
            #(_walk.within(#steps, |walk| {
                ::phalanx_engine::State::diff(&self.#members, &_other.#members, walk);
            });)*
        }
    }
}

/// One variant of an enum, prepared for the arms of the matches.
struct Variant {
    tag: u8,
    /// `Self::Name { member: f0, … }`, binding every field.
    pattern: TokenStream,
    fields: Vec<Ident>,
    steps: Vec<TokenStream>,
    name: String,
    schema: TokenStream,
    decode: TokenStream,
}

fn variants(data: &DataEnum) -> Result<Vec<Variant>> {
    let prepare = |(tag, variant): (usize, &syn::Variant)| {
        let tag = u8::try_from(tag)
            .map_err(|_| Error::new_spanned(variant, "a state's enum has at most 256 variants"))?;
        refuse_options(&variant.attrs, FIELDS_ONLY)?;
        variant
            .fields
            .iter()
            .try_for_each(|field| refuse_options(&field.attrs, FIELDS_ONLY))?;
        let ident = &variant.ident;
        let members = members(&variant.fields);
        let fields: Vec<_> = (0..members.len())
            .map(|index| format_ident!("f{index}"))
            .collect();
        let types: Vec<_> = variant.fields.iter().map(|field| &field.ty).collect();
        let names: Vec<_> = members.iter().map(field_name).collect();
        Ok(Variant {
            tag,
            pattern: quote!(Self::#ident { #(#members: #fields),* }),
            steps: members.iter().map(step).collect(),
            name: ident.unraw().to_string(),
            schema: quote! {
                schema.group("(", ")", |_schema| {
                    #(_schema.field(#names, <#types as ::phalanx_engine::State>::schema);)*
                })
            },
            decode: quote! {
                #tag => Self::#ident { #(#members: ::phalanx_engine::State::decode(from)?),* }
            },
            fields,
        })
    };
    data.variants.iter().enumerate().map(prepare).collect()
}

fn derive_enum(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let name = &item.ident;
    if data.variants.is_empty() {
        return Err(Error::new_spanned(
            name,
            "an enum without variants has no value",
        ));
    }
    let mut generics = bounded(&item.generics, true);
    wall::guard(item, &mut generics)?;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let variants = variants(data)?;
    let name_text = name.unraw().to_string();
    let open_text = format!("{name_text}{{");

    let encode = encode_enum(&variants, data);
    let encode_caches = variants.iter().map(
        |Variant {
             pattern, fields, ..
         }| {
            quote!(#pattern => { #(::phalanx_engine::State::encode_caches(#fields, _out);)* })
        },
    );
    let decode = variants.iter().map(|variant| &variant.decode);
    let schema = variants
        .iter()
        .map(|Variant { name, schema, .. }| quote!(schema.field(#name, |schema| #schema);));
    let visit = variants.iter().map(visit_arm);
    let visit_mut = visit_mut_body(&variants);

    let fixed = fixed_enum(&variants);
    let in_place = bytes::derive_enum(item, data)?;
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::phalanx_engine::State for #name #type_generics #where_clause {
            #fixed
            #in_place
            type Undo = ::core::option::Option<Self>;

            #[inline]
            fn open(&mut self, undo: &mut Self::Undo) {
                match undo {
                    ::core::option::Option::Some(copy) => {
                        ::core::clone::Clone::clone_from(copy, self);
                    }
                    none => *none = ::core::option::Option::Some(::core::clone::Clone::clone(self)),
                }
            }
            #[inline]
            fn close(
                &mut self,
                _undo: &mut Self::Undo,
                node: ::phalanx_engine::Node<'_>,
            ) -> ::phalanx_engine::Digest {
                ::phalanx_engine::State::digest(self, node)
            }
            #[inline]
            fn undo(&mut self, undo: &mut Self::Undo) {
                if let ::core::option::Option::Some(copy) = undo {
                    ::core::mem::swap(self, copy);
                }
            }
            #[inline]
            fn redo(&mut self, undo: &mut Self::Undo) {
                ::phalanx_engine::State::undo(self, undo);
            }
            fn schema(schema: &mut ::phalanx_engine::Schema) {
                schema.group(#open_text, "}", |schema| { #(#schema)* });
            }
            #[inline]
            fn encode(&self, out: &mut ::phalanx_engine::Encoder) {
                #encode
            }
            fn encode_caches(&self, _out: &mut ::phalanx_engine::Encoder) {
                match self { #(#encode_caches)* }
            }
            fn decode(
                from: &mut ::phalanx_engine::Decoder<'_>,
            ) -> ::core::result::Result<Self, ::phalanx_engine::DecodeError> {
                ::core::result::Result::Ok(match from.take_u8()? {
                    #(#decode,)*
                    _ => return ::core::result::Result::Err(
                        ::phalanx_engine::DecodeError::Invalid(#name_text),
                    ),
                })
            }
            fn visit(&self, visitor: &mut dyn ::phalanx_engine::Visitor) {
                match self { #(#visit)* }
            }
            fn visit_mut(&mut self, visitor: &mut dyn ::phalanx_engine::VisitorMut) {
                #visit_mut
            }
        }
    })
}

/// The body of `State::encode`: an enum is copied as a whole at every tick, and what it holds has
/// no marks. What has a width holds no table.
fn encode_enum(variants: &[Variant], data: &DataEnum) -> TokenStream {
    let arms = variants.iter().map(|Variant { tag, pattern, fields, .. }| {
        quote!(#pattern => { out.put_u8(#tag); #(::phalanx_engine::State::encode(#fields, out);)* })
    });
    let fields = data.variants.iter().flat_map(|variant| &variant.fields);
    let types = fields.map(|field| &field.ty);
    quote! {
        let encode = |out: &mut ::phalanx_engine::Encoder| match self { #(#arms)* };
        let widths = const {
            ::phalanx_engine::width_of(&[#(<#types as ::phalanx_engine::State>::WIDTH),*])
        };
        if widths.is_some() {
            encode(out);
        } else {
            out.unmarked(encode);
        }
    }
}

/// The width of an enum without fields: its tag.
fn fixed_enum(variants: &[Variant]) -> Option<TokenStream> {
    let plain = variants.iter().all(|variant| variant.fields.is_empty());
    let arms = variants
        .iter()
        .map(|Variant { tag, pattern, .. }| quote!(#pattern => #tag));
    plain.then(|| {
        quote! {
            const WIDTH: ::core::option::Option<u32> = ::core::option::Option::Some(1);
            #[inline]
            fn encode_fixed(&self, out: &mut [u8]) {
                out[0] = match self { #(#arms,)* };
            }
        }
    })
}

fn visit_arm(variant: &Variant) -> TokenStream {
    let Variant {
        pattern,
        fields,
        steps,
        name,
        ..
    } = variant;
    if fields.is_empty() {
        return quote!(#pattern => visitor.leaf(::phalanx_engine::Leaf::Variant(#name)),);
    }
    quote! {
        #pattern => {
            visitor.enter(::phalanx_engine::PathStep::Variant(#name));
            #(
                visitor.enter(#steps);
                ::phalanx_engine::State::visit(#fields, visitor);
                visitor.leave();
            )*
            visitor.leave();
        }
    }
}

/// An enum without fields offers its tag; one with fields offers those of the present variant.
fn visit_mut_body(variants: &[Variant]) -> TokenStream {
    if variants.iter().all(|variant| variant.fields.is_empty()) {
        let patterns: Vec<_> = variants.iter().map(|variant| &variant.pattern).collect();
        let tags: Vec<_> = variants.iter().map(|variant| variant.tag).collect();
        let last = tags.last();
        return quote! {
            let tag = match self { #(#patterns => #tags,)* };
            // At most 256 variants: the highest tag, plus one, saturates harmlessly.
            let mut leaf = ::phalanx_engine::TagLeaf { tag, variants: (#last as u8).saturating_add(1) };
            visitor.leaf(&mut leaf);
            *self = match leaf.tag { #(#tags => #patterns,)* _ => return };
        };
    }
    let arms = variants.iter().map(
        |Variant {
             pattern,
             fields,
             steps,
             name,
             ..
         }| {
            if fields.is_empty() {
                return quote!(#pattern => {});
            }
            quote! {
                #pattern => {
                    visitor.enter(::phalanx_engine::PathStep::Variant(#name));
                    #(
                        visitor.enter(#steps);
                        ::phalanx_engine::State::visit_mut(#fields, visitor);
                        visitor.leave();
                    )*
                    visitor.leave();
                }
            }
        },
    );
    quote!(match self { #(#arms)* })
}
