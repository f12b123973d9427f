//! The derive of `Input`: packed bytes, what a guess repeats, and totality.

use phalanx_engine::input::{Bits, PackedInput, repeat_bits};
use phalanx_engine::{Angle, Fix, Fix32, Input, Repeat};
use proptest::collection::vec;
use proptest::prelude::*;

/// Neutral is not tag 0; the tag 3 is no value.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
enum Stance {
    Low,
    #[default]
    Middle,
    High,
}

/// As many variants as its bits can tell apart.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
enum Side {
    #[default]
    Left,
    Right,
}

/// Five variants: three bits, of which three patterns are no value.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
enum Move {
    #[default]
    Stay,
    Jump,
    Duck,
    Roll,
    Taunt,
}

#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
struct Pad {
    walk: bool,
    #[input(edge)]
    punch: bool,
    stance: Stance,
    #[input(edge)]
    action: Move,
    stick: i8,
    side: Side,
}

#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
struct Tuple(u8, #[input(edge)] i16, Stance);

#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
struct Aim {
    angle: Angle,
    power: Fix32,
    place: Fix,
    unit: u64,
}

/// A neutral value that is not all zero, set by hand.
#[derive(Input, Clone, Copy, Debug, PartialEq)]
struct Throttle {
    lever: u8,
    #[input(edge)]
    gear: u8,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            lever: 128,
            gear: 1,
        }
    }
}

/// Arrays of all kinds of fields, and one as wide as an array may be.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
struct Arrays {
    keys: [bool; 5],
    #[input(edge)]
    stances: [Stance; 3],
    sticks: [i8; 2],
    whole: [u64; 1],
    halves: [Fix32; 2],
}

/// The largest input there may be.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
struct Largest(u64, u64, u64, u64, u64, u64, u64, u64);

fn packed<I: Input>(input: I) -> Vec<u8> {
    let mut bytes = vec![0xff; I::BYTES as _];
    input.pack(&mut bytes);
    bytes
}

#[test]
fn packing_is_golden() {
    let pad = Pad {
        walk: true,
        punch: false,
        stance: Stance::High,
        action: Move::Taunt,
        stick: -2,
        side: Side::Right,
    };
    // walk 1, punch 0, stance 10, action 100, then stick from bit 7 on, side at bit 15.
    assert_eq!(packed(pad), [0b0100_1001, 0b1111_1111]);
    assert_eq!(Pad::BYTES, 2);
    assert_eq!(packed(Tuple(0xab, -2, Stance::Low)), [0xab, 0xfe, 0xff, 0]);
    assert_eq!(packed(Tuple::default()), [0, 0, 0, 1], "neutral is Middle");
    let aim = Aim {
        angle: Angle(0x0102_0304),
        power: Fix32::int(-1),
        place: Fix::ratio(1, 2),
        unit: 9,
    };
    let golden = [
        4, 3, 2, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0x80, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(packed(aim), golden);
    assert_eq!((Largest::BYTES, Throttle::BYTES, Stance::BYTES), (64, 2, 1));
    assert_eq!(packed(Stance::High), [2]);
}

#[test]
fn arrays_are_their_elements() {
    let arrays = Arrays {
        keys: [true, false, false, true, true],
        stances: [Stance::High, Stance::Low, Stance::Middle],
        sticks: [-1, 2],
        whole: [u64::MAX - 1],
        halves: [Fix32::STEP, Fix32::int(-1)],
    };
    // keys 11001, stances 01 00 10, then the rest from bit 11 on.
    let bytes = packed(arrays);
    assert_eq!(
        bytes[..4],
        [0b0101_1001, 0b1111_1010, 0b0001_0111, 0b1111_0000]
    );
    assert_eq!(Arrays::unpack(&bytes), arrays);
    assert_eq!(Arrays::BYTES, (5 + 6 + 16 + 64 + 64_u32).div_ceil(8));
    assert_eq!(Arrays::REPEAT[..2], [0b0001_1111, 0b1111_1000]);
    assert_eq!(
        <[Stance; 3]>::from_bits(0b11_00_10),
        [Stance::High, Stance::Low, Stance::Middle],
        "only the bad element becomes neutral"
    );
    assert_eq!(<[u64; 1]>::from_bits(u64::MAX), [u64::MAX]);
}

#[test]
fn a_guess_repeats_all_but_edges() {
    assert_eq!(Pad::REPEAT, [0b1000_1101, 0b1111_1111]);
    assert_eq!(Tuple::REPEAT, [0xff, 0, 0, 3]);
    assert_eq!(Throttle::REPEAT, [0xff, 0]);
    assert_eq!(Aim::REPEAT, [0xff; 24]);
    let pad = Pad {
        walk: true,
        punch: true,
        stance: Stance::Low,
        action: Move::Roll,
        stick: 100,
        side: Side::Right,
    };
    let held = Pad {
        punch: false,
        action: Move::Stay,
        ..pad
    };
    assert_eq!(pad.repeated(), held);
    assert_eq!(held.repeated(), held);
    let full = Throttle {
        lever: 255,
        gear: 5,
    };
    let (lever, gear) = (255, 1);
    assert_eq!(
        full.repeated(),
        Throttle { lever, gear },
        "neutral gear is 1"
    );
}

#[test]
fn a_guess_becomes_neutral_in_the_end() {
    let full = Throttle {
        lever: 255,
        gear: 5,
    };
    let repeat = Repeat { ticks: 3 };
    for missing in 0..=3 {
        assert_eq!(repeat.guess(full, missing), full.repeated(), "{missing}");
    }
    for missing in [4, 5, u32::MAX] {
        assert_eq!(
            repeat.guess(full, missing),
            Throttle::default(),
            "{missing}"
        );
    }
    assert_eq!(Repeat { ticks: 0 }.guess(full, 1), Throttle::default());
    assert_eq!(
        Repeat { ticks: u32::MAX }.guess(full, u32::MAX),
        full.repeated()
    );
}

#[test]
fn a_tag_that_is_no_variant_becomes_neutral() {
    assert_eq!(Stance::from_bits(3), Stance::Middle);
    assert_eq!(Stance::from_bits(u64::MAX), Stance::Middle);
    assert_eq!(Move::from_bits(5), Move::Stay);
    assert_eq!((Stance::BITS, Side::BITS, Move::BITS), (2, 1, 3));
    // Only the field with the bad tag becomes neutral.
    let pad = Pad::unpack(&[0b0000_1111, 0]);
    assert_eq!(pad.stance, Stance::Middle);
    assert!(pad.walk && pad.punch);
    assert!(!Pad::is_valid(&[0b0000_1111, 0]));
    assert!(Pad::is_valid(&[0b0000_0111, 0]));
    assert!(
        !Tuple::is_valid(&[0, 0, 0, 0b101]),
        "a bit that no value sets"
    );
}

#[test]
fn bytes_of_another_length_are_no_input_but_unpack() {
    assert!(!Pad::is_valid(&[]));
    assert!(!Pad::is_valid(&[0]));
    assert!(!Pad::is_valid(&[0, 0, 0]));
    assert_eq!(Pad::unpack(&[]), Pad::unpack(&[0, 0]));
    assert_eq!(Tuple::unpack(&[7]), Tuple(7, 0, Stance::Low));
}

#[test]
fn all_patterns_of_two_bytes_unpack_and_are_packed_again() {
    let mut valid = 0_u32;
    for pattern in 0..=u16::MAX {
        let bytes = pattern.to_le_bytes();
        let pad = Pad::unpack(&bytes);
        let again = packed(pad);
        assert_eq!(Pad::unpack(&again), pad, "{pattern:04x}");
        assert!(Pad::is_valid(&again), "{pattern:04x}");
        assert_eq!(Pad::is_valid(&bytes), again == bytes, "{pattern:04x}");
        valid += u32::from(again == bytes);
    }
    assert_eq!(
        valid,
        2 * 2 * 3 * 5 * 256 * 2,
        "every value has one pattern"
    );
}

/// What holds for any bytes: packing what was unpacked is idempotent, and the relay's repetition
/// of the bytes is the guess made from the value.
fn check<I: Input + std::fmt::Debug>(bytes: &[u8], missing: u32) -> Result<(), TestCaseError> {
    let bytes = &bytes[..I::BYTES as _];
    let value = I::unpack(bytes);
    let once = packed(value);
    prop_assert_eq!(I::unpack(&once), value);
    prop_assert_eq!(&packed(I::unpack(&once)), &once);
    prop_assert_eq!(I::is_valid(bytes), once == bytes);
    prop_assert!(I::is_valid(&once));

    let repeat = Repeat { ticks: 2 };
    let neutral = packed(I::default());
    let mut filled = bytes.to_vec();
    repeat.fill(&mut filled, missing, &neutral, I::REPEAT);
    prop_assert_eq!(I::unpack(&filled), repeat.guess(value, missing));

    let mut masked = bytes.to_vec();
    repeat_bits(&mut masked, &neutral, I::REPEAT);
    prop_assert_eq!(I::unpack(&masked), value.repeated());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_unpack_and_repeat_as_the_relay_repeats_them(
        bytes in vec(any::<u8>(), 64),
        missing in 0_u32..5,
    ) {
        check::<Pad>(&bytes, missing)?;
        check::<Tuple>(&bytes, missing)?;
        check::<Aim>(&bytes, missing)?;
        check::<Throttle>(&bytes, missing)?;
        check::<Arrays>(&bytes, missing)?;
        check::<Largest>(&bytes, missing)?;
        check::<Stance>(&bytes, missing)?;
        check::<Move>(&bytes, missing)?;
        check::<bool>(&bytes, missing)?;
        check::<i32>(&bytes, missing)?;
        check::<Fix>(&bytes, missing)?;
    }
}

#[test]
fn room_for_a_packed_input_is_as_long_as_asked() {
    let mut room = PackedInput::default();
    assert_eq!(room.slice_mut(0).len(), 0);
    assert_eq!(room.slice_mut(64).len(), 64);
}
