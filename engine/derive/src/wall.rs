//! The wall around a state: what a field's type looks like, where `State` alone could only say no,
//! decides which error says what to use instead.
//!
//! A type that is refused whatever it is called (a primitive, a pointer) is an error here. A name
//! such as `HashMap` may belong to a type of the game's own, which only the compiler knows: it
//! becomes a bound on a trait that every state has and whose error gives the advice. An alias that
//! hides either ends at `State` itself.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Error, Field, Fields, GenericArgument, Generics, Path, PathArguments,
    Result, Token, Type, WherePredicate, parse_quote, parse_quote_spanned,
};

/// What the fields' types ask for.
#[derive(Default)]
struct Wall {
    /// Types that are refused by their form.
    errors: Option<Error>,
    /// Bounds on types that are doubtful by their name.
    bounds: Vec<WherePredicate>,
}

/// Refuses fields of which no type of that form is a state, nor a part of a row or cell.
pub(crate) fn check(item: &DeriveInput) -> Result<()> {
    let mut wall = Wall::default();
    fields(&item.data).for_each(|field| wall.visit(&field.ty));
    wall.errors.map_or(Ok(()), Err)
}

/// Refuses fields of which no type of that form is a state; adds the bounds that let the compiler
/// refuse others with advice.
pub(crate) fn guard(item: &DeriveInput, generics: &mut Generics) -> Result<()> {
    let mut wall = Wall::default();
    fields(&item.data).for_each(|field| wall.visit(&field.ty));
    if let Some(errors) = wall.errors {
        return Err(errors);
    }
    // A bound on a type with parameters would only be asked of whoever names them; here, `State`
    // itself refuses the field.
    if generics.type_params().next().is_none() {
        generics.make_where_clause().predicates.extend(wall.bounds);
    }
    Ok(())
}

pub(crate) fn fields(data: &Data) -> Box<dyn Iterator<Item = &Field> + '_> {
    match data {
        Data::Struct(data) => Box::new(data.fields.iter()),
        Data::Enum(data) => Box::new(
            data.variants
                .iter()
                .map(|variant| &variant.fields)
                .flat_map(Fields::iter),
        ),
        Data::Union(_) => Box::new([].iter()),
    }
}

impl Wall {
    fn visit(&mut self, ty: &Type) {
        match ty {
            Type::Array(array) => self.visit(&array.elem),
            Type::Slice(slice) => self.visit(&slice.elem),
            Type::Paren(inner) => self.visit(&inner.elem),
            // A type that came through a `macro_rules!`.
            Type::Group(inner) => self.visit(&inner.elem),
            Type::Tuple(tuple) => tuple.elems.iter().for_each(|element| self.visit(element)),
            Type::Path(named) => self.visit_path(ty, &named.path),
            Type::Reference(_) => self.refuse(
                ty,
                "a reference cannot be part of a state: a snapshot has nothing to point to; own the value, or refer to it by index or id",
            ),
            Type::Ptr(_) => self.refuse(
                ty,
                "a pointer cannot be part of a state: addresses differ between runs; own the value, or refer to it by index or id",
            ),
            Type::BareFn(_) => self.refuse(
                ty,
                "a function pointer cannot be part of a state: addresses differ between builds; use an enum, and match on it in `step`",
            ),
            Type::TraitObject(_) | Type::ImplTrait(_) => self.refuse(
                ty,
                "a `dyn` cannot be part of a state: what stands behind it has no canonical form; use an enum of the types it can be",
            ),
            _ => {}
        }
    }

    fn visit_path(&mut self, ty: &Type, path: &Path) {
        let Some(last) = path.segments.last() else {
            return;
        };
        match &*last.ident.to_string() {
            "f16" | "f32" | "f64" | "f128" => self.refuse(
                ty,
                "a float cannot be part of a state: its results differ between machines; use `Fix` or `Fix32`",
            ),
            "usize" => self.refuse(
                ty,
                "a `usize` cannot be part of a state: its width differs between machines; use `u32` or `u64`",
            ),
            "isize" => self.refuse(
                ty,
                "an `isize` cannot be part of a state: its width differs between machines; use `i32` or `i64`",
            ),
            "HashMap" | "HashSet" | "AHashMap" | "AHashSet" | "FxHashMap" | "FxHashSet" => {
                self.bound(ty, "Ordered");
            }
            "Rc" | "Arc" | "Weak" | "Box" | "Cow" => self.bound(ty, "Owned"),
            "Cell" | "RefCell" | "OnceCell" | "Mutex" | "RwLock" => {
                self.bound(ty, "Unshared");
            }
            "Instant" | "SystemTime" | "Duration" => self.bound(ty, "Timeless"),
            // Holds nothing, whatever it names.
            "PhantomData" => return,
            _ => {}
        }
        if let PathArguments::AngleBracketed(arguments) = &last.arguments {
            self.visit_arguments(&arguments.args);
        }
    }

    fn visit_arguments(&mut self, arguments: &Punctuated<GenericArgument, Token![,]>) {
        for argument in arguments {
            if let GenericArgument::Type(inner) = argument {
                self.visit(inner);
            }
        }
    }

    fn refuse(&mut self, ty: &Type, why: &str) {
        let error = Error::new_spanned(ty, why);
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    fn bound(&mut self, ty: &Type, what: &str) {
        let what = Ident::new(what, ty.span());
        self.bounds
            .push(parse_quote_spanned!(ty.span()=> #ty: ::phalanx_engine::wall::#what));
        self.bounds.push(parse_quote! {
            for<'wall> <#ty as ::phalanx_engine::wall::Same<'wall>>::Itself: ::phalanx_engine::State
        });
    }
}
