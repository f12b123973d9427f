//! Every bound of the engine, with its unit.

/// Highest tick rate, ticks per second.
pub const TICK_RATE_HZ_MAX: u32 = 1000;

/// Most slots of one session.
pub const SLOTS_MAX: u8 = 64;

/// Latest first tick of a session: far beyond what can be played, and far from where ticks end.
pub const FIRST_TICK_MAX: u64 = 1 << 60;

/// Largest packed input of one slot, bytes.
pub const INPUT_BYTES_MAX: u32 = 64;

/// Most session entries in one sealed frame. Every slot can join and leave, tick rate, speed and pause
/// can change, and the session can end at once, beside [`GAME_ENTRIES_MAX`] of the game's.
pub const ENTRIES_MAX: u32 = 2 * SLOTS_MAX as u32 + 4 + GAME_ENTRIES_MAX;

/// Most entries of the game's own in one sealed frame. More go into the next one.
pub const GAME_ENTRIES_MAX: u32 = 16;

/// Longest session entry, bytes: a tag, a tick and a rate.
pub const ENTRY_BYTES_MAX: u32 = 1 + 8 + 8;

/// Longest encoding of a command that rides in a datagram beside the inputs, bytes.
pub const SMALL_COMMAND_BYTES_MAX: u32 = 200;

/// Longest encoding of any command, bytes: half of what commands take in a frame.
pub const COMMAND_BYTES_MAX: u32 = 4096;

/// Most commands in one sealed frame.
pub const COMMANDS_PER_FRAME_MAX: u32 = 128;

/// Most bytes that commands take in one sealed frame. What does not fit goes into the next one.
pub const COMMAND_BYTES_PER_FRAME_MAX: u32 = 8 * 1024;

/// Commands of its own that a timeline predicts at once; later ones are executed when they are sealed.
pub const COMMANDS_PREDICTED_MAX: u32 = 256;

/// Largest window: most predicted ticks.
pub const WINDOW_TICKS_MAX: u32 = 120;

/// Records kept behind the confirmed tick while their digests are not agreed, ticks. A peer whose
/// votes are further behind leaves the quorum.
pub const HISTORY_TICKS_MAX: u32 = 256;

/// How far beyond the confirmed tick inputs and frames are accepted, ticks.
pub const HORIZON_TICKS_MAX: u32 = 256;

/// Deepest nesting of a state's types; a schema deeper than this is refused at start-up.
pub const SCHEMA_DEPTH_MAX: u32 = 64;

/// State outside tables is copied at every tick; beyond this it deserves a hint, bytes of its
/// encoding.
pub const PLAIN_STATE_BYTES_HINT: u64 = 4096;

/// Most elements a decoder reserves before it has read them. Longer containers grow as they are
/// read, so a forged count allocates no more than its bytes are worth.
pub const DECODE_RESERVE_MAX: u32 = 1024;

/// Most effects of one tick; what a step emits beyond that is left out.
pub const EFFECTS_PER_TICK_MAX: u32 = 1024;

/// Most effects that are predicted and neither confirmed nor cancelled. What is more is told when it is
/// confirmed.
pub const EFFECTS_PREDICTED_MAX: u32 = 8 * EFFECTS_PER_TICK_MAX;

/// Most that a correction may move an effect which is then the same, ticks.
pub const EFFECT_TOLERANCE_TICKS_MAX: u32 = 120;

/// Most events of effects kept until somebody fetches them: one for each effect of 32 ticks that emit as many
/// as they may. Of more, the oldest are forgotten.
pub const EFFECT_EVENTS_MAX: u32 = 32 * EFFECTS_PER_TICK_MAX;

/// Longest encoded sealed frame: header, hash, entries, commands, and every slot's input and
/// provenance.
pub const SEALED_FRAME_BYTES_MAX: u32 = 64
    + ENTRIES_MAX * ENTRY_BYTES_MAX
    + COMMAND_BYTES_PER_FRAME_MAX
    + SLOTS_MAX as u32 * (INPUT_BYTES_MAX + 1);

const _: () = assert!(SMALL_COMMAND_BYTES_MAX < COMMAND_BYTES_MAX);
// Every frame has room for the longest command, so that none waits for ever.
const _: () = assert!(
    COMMAND_BYTES_MAX + crate::command::SealedCommand::OVERHEAD <= COMMAND_BYTES_PER_FRAME_MAX
);
const _: () = assert!(WINDOW_TICKS_MAX < HORIZON_TICKS_MAX);
const _: () = assert!(HISTORY_TICKS_MAX.is_power_of_two() && HORIZON_TICKS_MAX.is_power_of_two());
