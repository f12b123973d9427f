//! Negative controls: what a simulation must not use, because it differs between machines. If one
//! does not differ where it is known to, the comparison sees nothing: a machine is compared with
//! itself, or its lines are not its own.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "shown to differ, which is why the lints exist"
)]

use core::hint::black_box;
use core::str::FromStr;
use std::hash::{DefaultHasher, Hash, Hasher};

use phalanx_engine::Digest;

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// 64-bit x86; what the others are compared with.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit x86.
    I686,
    /// 64-bit, the highest byte first.
    S390x,
    /// 32-bit, in a browser or in Node.
    Wasm32,
}

/// There is no such [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a target is x86-64, aarch64, i686, s390x or wasm32")]
pub struct NoSuchTarget;

impl FromStr for Target {
    type Err = NoSuchTarget;
    fn from_str(name: &str) -> Result<Self, NoSuchTarget> {
        Ok(match name {
            "x86-64" => Self::X86_64,
            "aarch64" => Self::Aarch64,
            "i686" => Self::I686,
            "s390x" => Self::S390x,
            "wasm32" => Self::Wasm32,
            _ => return Err(NoSuchTarget),
        })
    }
}

/// Something that differs between machines.
struct Control {
    name: &'static str,
    /// Where it certainly differs from x86-64. Elsewhere it may.
    differs_on: &'static [Target],
    value: fn() -> Digest,
}

use Target::{Aarch64, I686, S390x, Wasm32};

const CONTROLS: &[Control] = &[
    // The C library's, or on wasm32 Rust's own.
    Control {
        name: "std_trig_f32",
        differs_on: &[Aarch64, I686, S390x, Wasm32],
        value: trig_f32,
    },
    Control {
        name: "std_trig_f64",
        differs_on: &[I686, Wasm32],
        value: trig_f64,
    },
    // Integers are hashed as they lie in memory.
    Control {
        name: "std_hash_of_u32",
        differs_on: &[S390x],
        value: || hashed(|hasher| [1_u32, 2, 3].iter().for_each(|n| n.hash(hasher))),
    },
    // Lengths are of the machine's width.
    Control {
        name: "std_hash_of_vec",
        differs_on: &[I686, S390x, Wasm32],
        value: || hashed(|hasher| (vec![1_u8, 2, 3], 7_usize).hash(hasher)),
    },
    // The sign of 0/0 is the processor's.
    Control {
        name: "nan_bits",
        differs_on: &[Aarch64, S390x],
        value: || {
            let zero = black_box(0.0_f32);
            Digest((zero / black_box(zero)).to_bits().into())
        },
    },
];

/// All controls of this machine, a line each: `name digest`.
#[must_use]
pub fn run() -> String {
    let line = |control: &Control| format!("{} {}\n", control.name, (control.value)());
    CONTROLS.iter().map(line).collect()
}

/// Whether every control that must differ on `target` does, and a line for each control that says
/// what was seen. `native` and `other` are what [`run`] gave on x86-64 and there.
#[must_use]
pub fn check(target: Target, native: &str, other: &str) -> (bool, String) {
    let value = |text: &'_ str, name| -> Option<String> {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines
            .find(|(found, _)| *found == name)
            .map(|(_, digest)| digest.to_owned())
    };
    let (mut good, mut said) = (true, String::new());
    for control in CONTROLS {
        let (here, there) = (value(native, control.name), value(other, control.name));
        let must = control.differs_on.contains(&target);
        // A control that was not run has not been seen to differ.
        let differs = here.is_some() && there.is_some() && here != there;
        let verdict = match (must, differs) {
            (true, true) => "differs, as it must",
            (true, false) => "MUST DIFFER and was not seen to",
            (false, true) => "differs, as it may",
            (false, false) => "is the same",
        };
        good &= differs || !must;
        said += &format!("control {:16} {verdict}\n", control.name);
    }
    (good, said)
}

fn hashed(write: impl FnOnce(&mut DefaultHasher)) -> Digest {
    let mut hasher = DefaultHasher::new();
    write(&mut hasher);
    Digest(hasher.finish())
}

/// How many arguments each function gets.
const ARGUMENTS: u32 = 20_000;

fn trig_f32() -> Digest {
    let bits = (1..=ARGUMENTS).flat_map(|index| {
        let x = black_box(index as f32 * 0.37);
        let values = [
            x.sin(),
            x.cos(),
            x.tan(),
            (x / 1e3).exp(),
            x.atan2(3.0),
            x.powf(0.3),
        ];
        values.map(|value| Digest(value.to_bits().into()))
    });
    bits.fold(Digest::default(), Digest::chain)
}

fn trig_f64() -> Digest {
    let bits = (1..=ARGUMENTS).flat_map(|index| {
        let x = black_box(f64::from(index) * 0.37);
        let values = [
            x.sin(),
            x.cos(),
            x.tan(),
            (x / 1e3).exp(),
            x.atan2(3.0),
            x.powf(0.3),
        ];
        values.map(|value| Digest(value.to_bits()))
    });
    bits.fold(Digest::default(), Digest::chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_compared_with_itself_is_noticed() {
        let native = run();
        for target in [Aarch64, I686, S390x, Wasm32] {
            let (good, said) = check(target, &native, &native);
            assert!(!good, "{target:?}\n{said}");
            let must = CONTROLS
                .iter()
                .filter(|one| one.differs_on.contains(&target));
            assert_eq!(said.matches("MUST DIFFER").count(), must.count(), "{said}");
        }
        assert!(check(Target::X86_64, &native, &native).0);
    }

    #[test]
    fn nothing_said_is_nothing_seen() {
        let native = run();
        assert!(!check(S390x, &native, "").0);
        let other = native.replace(' ', " f");
        assert!(check(S390x, &native, &other).0);
    }
}
