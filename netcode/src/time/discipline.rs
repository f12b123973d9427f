//! [`StepOnly`] and [`Slewed`]: two ways to follow a provider whose time jumps.

use super::{
    Advance, NetTime, Observation, ResetReason, Scale, Server, SlewedScale, TickMap, Time,
    TimeConfig, TimeConfigError, TimeEvent, TimeProvider, nanos,
};

/// Follows a provider without ever changing speed: time runs at the tick rate, at scale 1 to the bit,
/// until server or local time is off by more than the threshold; then both are set, and it is told.
///
/// For music games and other programs whose ear is the judge. If the sound card's clock is the
/// master, its time is what is passed in as `now`.
#[derive(Clone, Debug)]
pub struct StepOnly<P> {
    inner: P,
    map: TickMap,
    limit: u64,
    /// When it was last advanced.
    last: Time,
    /// What is added to the clock where the map is read, for server and local time, nanoseconds;
    /// `None` before the first advance.
    offsets: Option<[i64; 2]>,
}

impl<P: TimeProvider> StepOnly<P> {
    /// Follows `inner` at the pace of `map`, whose phase does not matter. The threshold is
    /// [`TimeConfig::hard_reset_ms`].
    ///
    /// # Errors
    /// [`TimeConfigError`] if the configuration is invalid.
    pub fn new(inner: P, map: TickMap, config: &TimeConfig) -> Result<Self, TimeConfigError> {
        config.validate()?;
        Ok(Self {
            inner,
            map,
            limit: nanos(config.hard_reset()),
            last: Time::ZERO,
            offsets: None,
        })
    }

    /// What it follows.
    #[must_use]
    pub const fn inner(&self) -> &P {
        &self.inner
    }
}

impl<P: TimeProvider + Clone + 'static> TimeProvider for StepOnly<P> {
    fn observe(&mut self, now: Time, observation: &Observation) {
        observation.change_rate(&mut self.map);
        self.inner.observe(now, observation);
    }

    fn advance(&mut self, now: Time) -> Advance {
        let now = now.max(self.last);
        self.last = now;
        let target = self.inner.advance(now);
        let wanted = offsets(&self.map, now, &target);
        let offsets = *self.offsets.get_or_insert(wanted);
        if offsets
            .iter()
            .zip(wanted)
            .all(|(is, wanted)| is.abs_diff(wanted) <= self.limit)
        {
            return read(&self.map, now, offsets, Scale::ONE, passed_on(target.event));
        }
        self.offsets = Some(wanted);
        let event = reset(self.map.at_offset(now, offsets[0]), &target);
        read(&self.map, now, wanted, Scale::ONE, Some(event))
    }
}

/// Follows a provider by running a little faster or slower: an error within the dead band is left
/// alone, one beyond the threshold is jumped over, any other is worn off. The speed it does that with
/// is limited, and so is how fast the speed changes.
///
/// The wanted scale is proportional to the error, as if to correct it within two seconds, up to
/// [`TimeConfig::scale_ppm`]. So slow a correction is followed by the limited slew (default bounds)
/// without overshooting. Server and local time are steered each by itself; the scale told is that of
/// local time.
#[derive(Clone, Debug)]
pub struct Slewed<P> {
    inner: P,
    map: TickMap,
    config: TimeConfig,
    /// When it was last advanced, and server and local time then.
    state: Option<(Time, [Follower; 2])>,
}

/// One time that follows.
#[derive(Clone, Copy, Debug)]
struct Follower {
    /// What is added to the clock where the map is read, in steps of 2^-32 ns: what a scale in steps
    /// of 2^-32 adds in a nanosecond, so that nothing is ever rounded.
    offset: i128,
    scale: SlewedScale,
}

/// An error is corrected as if within this time, nanoseconds.
const CORRECTION_NANOS: i128 = 2_000_000_000;

impl<P: TimeProvider> Slewed<P> {
    /// Follows `inner` at about the pace of `map`, whose phase does not matter.
    ///
    /// # Errors
    /// [`TimeConfigError`] if the configuration is invalid.
    pub fn new(inner: P, map: TickMap, config: &TimeConfig) -> Result<Self, TimeConfigError> {
        config.validate()?;
        Ok(Self {
            inner,
            map,
            config: *config,
            state: None,
        })
    }

    /// What it follows.
    #[must_use]
    pub const fn inner(&self) -> &P {
        &self.inner
    }

    /// Sets both times, to run at scale 1.
    fn set(&mut self, now: Time, offsets: [i64; 2], event: Option<TimeEvent>) -> Advance {
        let scale = SlewedScale::new(self.config.slew_ppm_per_second);
        let follower = |offset: i64| Follower {
            offset: i128::from(offset) << 32,
            scale,
        };
        self.state = Some((now, offsets.map(follower)));
        read(&self.map, now, offsets, Scale::ONE, event)
    }
}

impl<P: TimeProvider + Clone + 'static> TimeProvider for Slewed<P> {
    fn observe(&mut self, now: Time, observation: &Observation) {
        observation.change_rate(&mut self.map);
        self.inner.observe(now, observation);
    }

    fn advance(&mut self, now: Time) -> Advance {
        // A clock that goes back makes time stand, also for one that does not see to it.
        let now = self.state.map_or(now, |(last, _)| now.max(last));
        let target = self.inner.advance(now);
        let Some((last, mut followers)) = self.state else {
            return self.set(
                now,
                offsets(&self.map, now, &target),
                passed_on(target.event),
            );
        };
        let elapsed = now.as_nanos() - last.as_nanos();
        let wanted = offsets(&self.map, now, &target);
        let limit = nanos(self.config.hard_reset());
        for follower in &mut followers {
            follower.run(elapsed);
        }
        let offsets = followers.map(|follower| follower.nanos());
        if offsets
            .iter()
            .zip(wanted)
            .any(|(is, wanted)| is.abs_diff(wanted) > limit)
        {
            let event = reset(self.map.at_offset(now, offsets[0]), &target);
            return self.set(now, wanted, Some(event));
        }
        for (follower, wanted) in followers.iter_mut().zip(wanted) {
            follower.steer(wanted, elapsed, &self.config);
        }
        self.state = Some((now, followers));
        read(
            &self.map,
            now,
            offsets,
            followers[1].scale.get(),
            passed_on(target.event),
        )
    }
}

impl Follower {
    /// Runs for `elapsed` nanoseconds.
    fn run(&mut self, elapsed: u64) {
        self.offset += i128::from(self.scale.get().deviation()) * i128::from(elapsed);
    }

    fn nanos(&self) -> i64 {
        clamped(self.offset >> 32)
    }

    /// Sets the speed for what comes, `elapsed` nanoseconds after it was last set.
    fn steer(&mut self, wanted: i64, elapsed: u64, config: &TimeConfig) {
        let error = i128::from(wanted) - i128::from(self.nanos());
        let scale = if error.unsigned_abs() <= config.dead_band().as_nanos() {
            Scale::ONE
        } else {
            let fastest = Scale::from_ppm(config.scale_ppm.cast_signed()).unwrap_or_default();
            let bound = i128::from(fastest.deviation());
            let deviation = (error << 32) / CORRECTION_NANOS;
            Scale::clamped(clamped(deviation.clamp(-bound, bound)))
        };
        self.scale.move_towards(scale, elapsed);
    }
}

/// What is to be added to the clock, nanoseconds, to find in `map` what `target` says. An offset in
/// time, not in ticks, so that a change of the rate comes at its tick whatever the phase is.
fn offsets(map: &TickMap, now: Time, target: &Advance) -> [i64; 2] {
    [target.server, target.local.into_space()]
        .map(|point| clamped(map.due_nanos(point) - i128::from(now.as_nanos())))
}

/// Server and local time at `now`, by these offsets.
fn read(
    map: &TickMap,
    now: Time,
    offsets: [i64; 2],
    scale: Scale,
    event: Option<TimeEvent>,
) -> Advance {
    let [server, local] = offsets.map(|offset| map.at_offset(now, offset));
    Advance {
        server,
        local: local.into_space(),
        scale,
        event,
    }
}

fn clamped(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// The event of setting time to `target`.
const fn reset(from: NetTime<Server>, target: &Advance) -> TimeEvent {
    let reason = match target.event {
        Some(TimeEvent::HardReset { reason, .. }) => reason,
        Some(TimeEvent::Suspended { .. }) => ResetReason::Suspended,
        Some(TimeEvent::Skipped(_)) | None => ResetReason::Threshold,
    };
    TimeEvent::HardReset {
        from,
        to: target.server,
        reason,
    }
}

/// What of a provider's events is also one of who follows it: its jumps are not ours.
const fn passed_on(event: Option<TimeEvent>) -> Option<TimeEvent> {
    match event {
        Some(TimeEvent::HardReset { .. }) => None,
        other => other,
    }
}
