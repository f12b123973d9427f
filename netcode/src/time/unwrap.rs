//! Ticks in fewer bits: the low 16 or 32 on the wire, and the tick that they stand for.
//!
//! A tick counts 64 bits and never wraps; 16 bits wrap every 18 minutes at 60 Hz, 32 every 2.3 years.
//! Whoever unwraps knows a tick that the wanted one is near to: the last one that came. The nearest
//! tick with these bits is taken, as in the arithmetic of serial numbers (RFC 1982).

use phalanx_engine::Tick;

/// The low 16 bits of `tick`.
#[must_use]
pub const fn low16(tick: Tick) -> u16 {
    (tick.0 & 0xFFFF) as u16
}

/// The low 32 bits of `tick`.
#[must_use]
pub const fn low32(tick: Tick) -> u32 {
    (tick.0 & 0xFFFF_FFFF) as u32
}

/// The tick with these low bits among the 2^16 from `near - 2^15` to `near + 2^15 - 1`; `None` if it
/// would lie before tick 0 or beyond 64 bits, which no honest sender means.
///
/// ```
/// use phalanx_engine::Tick;
/// use phalanx_netcode::time::{low16, unwrap16};
/// assert_eq!(unwrap16(Tick(65_530), 3), Some(Tick(65_539)));
/// assert_eq!(unwrap16(Tick(65_539), low16(Tick(65_530))), Some(Tick(65_530)));
/// assert_eq!(unwrap16(Tick(2), 0xFFFF), None);
/// ```
#[must_use]
pub const fn unwrap16(near: Tick, bits: u16) -> Option<Tick> {
    unwrap_delta(near, bits.wrapping_sub(low16(near)).cast_signed() as i64)
}

/// The tick with these low bits among the 2^32 from `near - 2^31` to `near + 2^31 - 1`; `None` if it
/// would lie before tick 0 or beyond 64 bits.
#[must_use]
pub const fn unwrap32(near: Tick, bits: u32) -> Option<Tick> {
    unwrap_delta(near, bits.wrapping_sub(low32(near)).cast_signed() as i64)
}

/// The tick `delta` after `near`; `None` before tick 0 or beyond 64 bits.
#[must_use]
pub const fn unwrap_delta(near: Tick, delta: i64) -> Option<Tick> {
    match near.0.checked_add_signed(delta) {
        Some(tick) => Some(Tick(tick)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ticks around which bits wrap, and any others.
    fn places() -> impl Strategy<Value = u64> {
        let edge = prop_oneof![
            (1u64..1 << 20).prop_map(|k| k << 16),
            Just(1 << 31),
            Just(1 << 32),
            Just(1 << 48),
            Just(1 << 63),
            (1 << 17)..u64::MAX - (1 << 17),
        ];
        (edge, -40_000i64..40_000).prop_map(|(edge, off)| edge.saturating_add_signed(off))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn low_bits_find_their_tick_again(tick in places(), off in -(1i64 << 15)..1 << 15) {
            // The tick is in [near - 2^15, near + 2^15).
            let near = tick.saturating_add_signed(-off);
            prop_assume!(near.checked_add_signed(off) == Some(tick));
            prop_assert_eq!(unwrap16(Tick(near), low16(Tick(tick))), Some(Tick(tick)));
            prop_assert_eq!(unwrap32(Tick(near), low32(Tick(tick))), Some(Tick(tick)));
            prop_assert_eq!(unwrap_delta(Tick(near), off), Some(Tick(tick)));
        }

        #[test]
        fn whatever_comes_is_near_or_none(near: u64, bits: u32) {
            let low = u16::try_from(bits & 0xFFFF).unwrap();
            if let Some(tick) = unwrap16(Tick(near), low) {
                prop_assert_eq!(low16(tick), low);
                prop_assert!((-(1 << 15)..1 << 15).contains(&tick.since(Tick(near))));
            }
            if let Some(tick) = unwrap32(Tick(near), bits) {
                prop_assert_eq!(low32(tick), bits);
                prop_assert!((-(1i64 << 31)..1 << 31).contains(&tick.since(Tick(near))));
            }
        }
    }

    #[test]
    fn half_a_turn_away_is_the_edge() {
        let near = Tick(1 << 31);
        assert_eq!(unwrap16(near, low16(near + 0x7FFF)), Some(near + 0x7FFF));
        assert_eq!(
            unwrap16(near, low16(near + 0x8000)),
            Some(near.saturating_sub(0x8000))
        );
        assert_eq!(unwrap32(Tick(u64::MAX), 0), None);
        assert_eq!(unwrap_delta(Tick(3), -4), None);
    }
}
