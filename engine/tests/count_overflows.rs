//! The count of overflows is one for the process, so this is the only test in it.

use phalanx_engine::math::{overflows, reset_overflows};
use phalanx_engine::{Fix, Fix32, Vec2, fix};

/// Computes a result only to see it counted.
fn discard<T>(result: &T) {
    core::hint::black_box(result);
}

#[test]
fn operators_that_overflow_are_counted() {
    let counted = |operation: &dyn Fn()| {
        reset_overflows();
        operation();
        overflows()
    };
    let same = |number: Fix, wanted: Fix| assert_eq!(number, wanted);

    // The results are those without the count.
    assert_eq!(counted(&|| same(Fix::MAX + Fix::ONE, Fix::MAX)), 1);
    assert_eq!(counted(&|| same(Fix::MIN - Fix::ONE, Fix::MIN)), 1);
    assert_eq!(counted(&|| same(Fix::MAX * fix!(-2), Fix::MIN)), 1);
    assert_eq!(counted(&|| same(Fix::MAX * 2, Fix::MAX)), 1);
    assert_eq!(counted(&|| same(Fix::MAX / Fix::STEP, Fix::MAX)), 1);
    assert_eq!(counted(&|| same(-Fix::MIN, Fix::MAX)), 1);
    for zero in [Fix::ZERO, Fix::ONE] {
        assert_eq!(counted(&|| discard(&(zero / Fix::ZERO))), 1);
        assert_eq!(counted(&|| discard(&(zero % Fix::ZERO))), 1);
        assert_eq!(counted(&|| discard(&(zero / 0))), 1);
    }
    assert_eq!(counted(&|| discard(&(Fix32::MAX * Fix32::MAX))), 1);
    assert_eq!(counted(&|| same([Fix::MAX; 3].iter().sum(), Fix::MAX)), 1);
    assert_eq!(
        counted(&|| {
            let mut number = Fix::MAX;
            number += Fix::ONE;
            number *= number;
            number %= Fix::ZERO;
        }),
        3
    );
    let far = Vec2::new(Fix::MAX, Fix::MAX);
    assert_eq!(counted(&|| discard(&(far + far))), 2);

    // What fits is not counted, and neither is what says itself that it saturates.
    assert_eq!(counted(&|| same(Fix::MIN / Fix::ONE, Fix::MIN)), 0);
    assert_eq!(counted(&|| same(Fix::MIN % -Fix::STEP, Fix::ZERO)), 0);
    assert_eq!(
        counted(&|| same([Fix::MAX, Fix::MIN].iter().sum(), -Fix::STEP)),
        0
    );
    assert_eq!(
        counted(&|| same(Fix::MAX.saturating_add(Fix::ONE), Fix::MAX)),
        0
    );
    assert_eq!(counted(&|| same(Fix::MIN.abs(), Fix::MAX)), 0);
    assert_eq!(
        counted(&|| same(Fix::MAX.moved_towards(Fix::MAX, Fix::MAX), Fix::MAX)),
        0
    );

    // Resetting tells what it threw away.
    discard(&(Fix::MAX + Fix::MAX));
    assert_eq!((reset_overflows(), overflows()), (1, 0));
}
