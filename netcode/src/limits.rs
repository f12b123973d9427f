//! Every bound of the session, with its unit and its reason.

use core::time::Duration;

/// Version of the protocol; both ends must speak the same one.
pub const PROTOCOL_VERSION: u16 = 5;

/// Largest datagram, bytes: what QUIC carries within its initial packet of 1,200 bytes.
pub const DATAGRAM_BYTES_MAX: usize = 1150;

/// Largest control message, bytes.
pub const CONTROL_MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Control bytes that may wait for the transport, per peer; a peer that reads more slowly is closed.
pub const CONTROL_QUEUE_BYTES_MAX: usize = 256 * 1024;

/// Control messages that one peer may send per second.
pub const CONTROL_MESSAGES_PER_SECOND_MAX: u32 = 32;

/// Datagrams that one peer may send per second, beyond ten per tick.
pub const DATAGRAMS_PER_SECOND_MAX: u32 = 500;

/// Most inputs in one datagram, ticks; also bounded by [`DATAGRAM_BYTES_MAX`].
pub const INPUTS_PER_DATAGRAM_MAX: u64 = 128;

/// Most arrivals of inputs that one datagram tells of, and that the relay keeps to be told: what comes
/// at once after a pause of 120 ms at 60 Hz, twice over.
pub const ARRIVALS_PER_DATAGRAM_MAX: usize = 16;

/// Datagrams to a client from one count of its own datagrams to the next: what follows from them is
/// decided over hundreds.
pub const PATH_REPORT_INTERVAL: u32 = 16;

/// Small commands of one client that the relay has not acknowledged, and of one slot that wait to be
/// sealed.
pub const COMMANDS_UNDER_WAY_MAX: u64 = 64;

/// Large commands of one client that are not sealed yet, on the stream or at the relay.
pub const LARGE_COMMANDS_UNDER_WAY_MAX: u64 = 8;

/// Highest number of a command that a relay may go on from: nobody ever gives so many.
pub const COMMAND_NUMBER_MAX: u64 = 1 << 60;

/// Most commands per second that a session can allow a player.
pub const COMMANDS_PER_SECOND_MAX: u32 = 1_000_000;

/// Most bytes of commands per second that a session can allow a player.
pub const COMMAND_BYTES_PER_SECOND_MAX: u32 = 64 * 1024 * 1024;

/// Most commands in one datagram.
pub const COMMANDS_PER_DATAGRAM_MAX: usize = 16;

/// Most bytes of a command in a datagram beside its own: the numbers before it, its tick, its length.
pub const COMMAND_HEADER_BYTES_MAX: usize = 16;

/// Room that commands find in a datagram however many inputs wait, bytes: two of the longest.
pub const COMMANDS_ROOM: usize =
    2 * (phalanx_engine::limits::SMALL_COMMAND_BYTES_MAX as usize + COMMAND_HEADER_BYTES_MAX);

/// How far ahead of the next tick to be sealed an input may lie, ticks.
pub const INPUTS_AHEAD_MAX: u64 = 256;

/// Received inputs kept per slot, ticks: every baseline that a packet under way may name.
pub const INPUTS_KEPT: u64 = 512;

/// Most sealed frames in one datagram.
pub const FRAMES_PER_DATAGRAM_MAX: u64 = 64;

/// Most datagrams with frames to one client at one time, when the unacknowledged ones are many.
pub const FRAME_DATAGRAMS_AT_ONCE_MAX: u32 = 4;

/// Sealed frames that the relay keeps at hand and a client keeps as baselines, ticks. Older ones
/// come from the log, by the stream.
pub const FRAMES_KEPT: u64 = 256;

/// Sealed frames that a client keeps ahead of a hole, ticks.
pub const FRAMES_AHEAD_MAX: u64 = 64;

/// Pieces of one frame that is larger than a datagram.
pub const FRAGMENTS_MAX: usize = 16;

/// Frames that a client puts together from fragments at the same time.
pub const FRAGMENTED_FRAMES_MAX: usize = 16;

/// Most votes in one datagram, ticks. More than the longest round trip, so that a client at one
/// vote per tick never falls behind.
pub const VOTES_PER_DATAGRAM_MAX: u64 = 64;

/// Votes that the relay keeps for comparison, ticks.
pub const VOTES_KEPT: u64 = 512;

/// A peer whose newest vote is further behind the newest of all leaves the quorum, ticks.
pub const QUORUM_LAG_MAX: u64 = 240;

/// Provisional inputs of one slot in one datagram, ticks.
pub const PROVISIONAL_TICKS_MAX: u64 = 31;

/// Largest session whose inputs are forwarded before they are sealed, slots.
pub const FORWARDING_SLOTS_MAX: u8 = 16;

/// How long the relay holds a provisional input back, in case the tick is sealed meanwhile, as a
/// part of a tick.
pub const FORWARDING_HOLD_PARTS: u32 = 8;

/// Largest input delay, ticks.
pub const INPUT_DELAY_TICKS_MAX: u32 = 120;

/// A client is at most so many ticks behind what is sealed: as many as there are in
/// [`SILENCE_TIMEOUT`] at the highest rate, and some. Of later ones it believes nothing.
pub const FRAMES_BEHIND_MAX: u64 = 1 << 14;

/// A tick is sealed at the earliest this long before its deadline.
pub const SEAL_EARLY_MAX: Duration = Duration::from_millis(50);

/// Longest bound of the policy that waits.
pub const WAIT_BOUND_MAX: Duration = Duration::from_secs(60);

/// From the moment when all are ready to the deadline of the first tick.
pub const START_DELAY: Duration = Duration::from_millis(600);

/// Round trips measured before a client is ready.
pub const PROBES: usize = 8;

/// From one probe to the next.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// A client that is ready and waits for the others lets the relay hear of it this often.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// Without news, frames and acknowledgements are sent again after this.
pub const RESEND_INTERVAL: Duration = Duration::from_millis(50);

/// Fragments of a large frame are sent again after this.
pub const FRAGMENT_RESEND_INTERVAL: Duration = Duration::from_millis(150);

/// Frames that a client has not acknowledged after this go by the stream.
pub const STREAM_FALLBACK_AFTER: Duration = Duration::from_secs(1);

/// Frames under way to one client by the stream, ticks: as many as it has room for.
pub const STREAMED_FRAMES_MAX: u64 = phalanx_engine::limits::HORIZON_TICKS_MAX as u64;

/// A peer must have sent its greeting after this.
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(5);

/// A peer that was silent for this long is closed.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(10);

/// After the last tick the relay waits this long for the last votes.
pub const LAST_VOTES_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest way up, and longest way down, that a client tries to be in time over: its local time is never more
/// than both together ahead of its server time.
pub const LEAD_MAX: Duration = Duration::from_secs(2);

/// From the moment at which a change of the tick rate is sealed to the tick at which it takes effect:
/// beyond what a client has stamped when it hears of it. Over a way up of at most [`LEAD_MAX`] it stamps as
/// far ahead of a deadline, and hears of what datagrams did not bring [`STREAM_FALLBACK_AFTER`] later, by
/// the stream; there is a second for the way, and to send it again.
pub const RATE_NOTICE: Duration = Duration::from_secs(4);

/// From the moment at which a player's pause is sealed to its first tick: longer than most ways there, so
/// that most have not stamped what is not sealed then.
pub const PAUSE_NOTICE: Duration = Duration::from_secs(1);

/// From a player's word to the end of the pause.
pub const RESUME_COUNTDOWN: Duration = Duration::from_secs(3);

/// What the host of a session may have said that is not sealed yet: entries of the game's own.
pub const SAYINGS_MAX: usize = 256;

/// Tick rates that a map of ticks to moments knows at once, segments.
pub const RATE_SEGMENTS_MAX: usize = 16;

/// How much faster or slower than its tick rate a clock may run, millionths.
pub const SCALE_PPM_MAX: u32 = 100_000;

/// Most ticks that one update may be configured to execute.
pub const STEPS_MAX: u32 = 1000;

/// Longest buffer of a clock, on the way up or down, ticks.
pub const TIME_BUFFER_TICKS_MAX: u32 = 120;

/// Longest time that a controller of the lead is configured with.
pub const LEAD_TIME_MAX: Duration = Duration::from_secs(60);

/// Highest threshold at which a clock jumps, or takes itself for suspended.
pub const TIME_THRESHOLD_MAX: Duration = Duration::from_secs(60);

/// Inputs that a clock's samples remember: more than a minute at 60 Hz.
pub const CLOCK_SAMPLES_MAX: usize = 4096;

/// Resets, suspensions and the like that they remember.
pub const CLOCK_EVENTS_MAX: usize = 256;

/// Longest line of a file of samples, bytes: every column at its widest, and room.
pub const SAMPLE_LINE_BYTES_MAX: usize = 256;

/// Largest snapshot, bytes of its canonical form.
pub const SNAPSHOT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Largest packed snapshot, bytes: more than one that does not compress at all.
pub const SNAPSHOT_PACKED_BYTES_MAX: u64 = SNAPSHOT_BYTES_MAX / 4 * 5;

/// Largest packed snapshot that a relay takes from a player, bytes.
pub const UPLOAD_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Largest canonical form of a snapshot that a relay keeps for those who come later, bytes.
pub const SNAPSHOT_HOSTED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Snapshots that a relay keeps, the newest included: a player who comes back with one of them is sent what differs. So
/// many that they reach over [`HELD_TICKS_MAX`] thrice, at the fewest ticks from one to the next.
pub const SNAPSHOTS_KEPT: usize = 32;

/// Snapshots that a returning player names, and holds for it: the one that is on its way to the relay, and the one before.
pub const SNAPSHOTS_NAMED_MAX: usize = 2;

/// Most packed bytes of those that a relay keeps, the newest not counted.
pub const SNAPSHOTS_KEPT_BYTES: usize = 32 * 1024 * 1024;

/// Largest canonical form of a snapshot from which, or to which, a relay packs differences, bytes; and of all those
/// together to which it packs them for one newest snapshot: the session waits while it does, some 20 ms for each MiB
/// (`tests/snapshot_figures.rs`). Who holds a larger one, or yet another one, is sent the whole: so players who come and say
/// now this, now that, keep no session waiting.
pub const DIFFERENCES_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Fewest ticks from one keyframe to the next: as many as a peer of the quorum may be behind.
pub const KEYFRAME_TICKS_MIN: u32 = 240;

/// A player on its way into a match that makes no progress for so long is closed.
pub const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A player who was asked for a snapshot, and sends nothing of it for so many keyframes, is not waited for.
pub const UPLOAD_KEYFRAMES_MAX: u64 = 8;

/// Most bytes per second with which a session can have a snapshot sent.
pub const UPLOAD_BYTES_PER_SECOND_MAX: u32 = 64 * 1024 * 1024;

/// A snapshot goes over the stream in pieces of so many bytes.
pub const SNAPSHOT_PIECE_BYTES: usize = 8 * 1024;

/// Most bytes of a snapshot that are under way to a player: what 10 Mbit/s bring in 100 ms.
pub const SNAPSHOT_WINDOW_BYTES: usize = 128 * 1024;

/// Most bytes of a snapshot that are under way from a player: less than the half of what may wait for the transport.
pub const UPLOAD_WINDOW_BYTES: usize = 64 * 1024;

/// A returning player who has the frames up to so many ticks before the newest snapshot is sent those that follow, not
/// the snapshot.
pub const HELD_TICKS_MAX: u64 = 2048;

/// A client that catches up plays when it is at most so many ticks behind what was sealed: those are under way.
pub const CAUGHT_UP_TICKS: u64 = 2;

/// Bytes of frames that may be on the stream to a player and not taken.
pub const STREAMED_BYTES_MAX: usize = CONTROL_QUEUE_BYTES_MAX / 2;

/// Columns of a snapshot that are packed as such.
pub const SNAPSHOT_COLUMNS_MAX: usize = 4096;

/// Widest cell of such a column, bytes.
pub const SNAPSHOT_CELL_BYTES_MAX: u32 = 4096;

/// Largest chunk of a replay, bytes of its content: a keyframe, or the index of years.
pub const REPLAY_CHUNK_BYTES_MAX: u64 = SNAPSHOT_PACKED_BYTES_MAX + 8;

/// Most frames in one chunk of a replay: about a second of a fighting game.
pub const REPLAY_FRAMES_PER_CHUNK: usize = 64;

/// Most chained digests in one chunk of a replay.
pub const REPLAY_DIGESTS_PER_CHUNK: usize = 256;

/// Most entities that a [`Smoother`](crate::present::Smoother) shows; one takes some hundred bytes.
pub const SMOOTHED_ENTITIES_MAX: usize = 65_536;

const _: () = assert!(INPUTS_PER_DATAGRAM_MAX < INPUTS_AHEAD_MAX && INPUTS_AHEAD_MAX < INPUTS_KEPT);
const _: () = assert!(FRAMES_PER_DATAGRAM_MAX <= FRAMES_KEPT);
const _: () = {
    // Datagrams are numbered in 16 bits: half a turn takes longer than anybody is silent, at two per tick.
    let per_second = 2 * phalanx_engine::limits::TICK_RATE_HZ_MAX as u64;
    assert!(per_second * SILENCE_TIMEOUT.as_secs() < 1 << 15);
};
const _: () = assert!(QUORUM_LAG_MAX < VOTES_KEPT);
const _: () = assert!(KEYFRAME_TICKS_MIN as u64 >= QUORUM_LAG_MAX);
const _: () = assert!(SNAPSHOTS_KEPT as u64 * KEYFRAME_TICKS_MIN as u64 >= 3 * HELD_TICKS_MAX);
const _: () = assert!(SNAPSHOT_PIECE_BYTES + 32 <= CONTROL_MESSAGE_BYTES_MAX);
const _: () = assert!(SNAPSHOT_WINDOW_BYTES.is_multiple_of(4 * SNAPSHOT_PIECE_BYTES));
const _: () = assert!(SNAPSHOT_WINDOW_BYTES + STREAMED_BYTES_MAX <= CONTROL_QUEUE_BYTES_MAX);
const _: () = assert!(RATE_NOTICE.as_secs() > LEAD_MAX.as_secs() + STREAM_FALLBACK_AFTER.as_secs());
// A tick that is sealed early is before the one that a change names.
const _: () = assert!(RATE_NOTICE.as_millis() > SEAL_EARLY_MAX.as_millis());
/// Longest sealed frame as it is sent, bytes: its canonical form, in which one bit more for each byte of
/// input and what the numbers of a command may take more are not counted, behind a header.
pub const FRAME_BYTES_MAX: usize = {
    use phalanx_engine::limits::{
        COMMANDS_PER_FRAME_MAX, INPUT_BYTES_MAX, SEALED_FRAME_BYTES_MAX, SLOTS_MAX,
    };
    let inputs = SLOTS_MAX as usize * INPUT_BYTES_MAX as usize / 8;
    SEALED_FRAME_BYTES_MAX as usize + inputs + COMMANDS_PER_FRAME_MAX as usize * 4 + 128
};
const _: () = assert!(FRAME_BYTES_MAX <= FRAGMENTS_MAX * (DATAGRAM_BYTES_MAX - 16));
const _: () = assert!(FRAME_BYTES_MAX <= CONTROL_MESSAGE_BYTES_MAX);
const _: () = {
    // All that a client may have on its way fits into what may wait for the transport.
    let longest = phalanx_engine::limits::COMMAND_BYTES_MAX as u64 + 32;
    assert!(LARGE_COMMANDS_UNDER_WAY_MAX * longest <= CONTROL_QUEUE_BYTES_MAX as u64 / 2);
};
