//! Control messages: postcard behind a length, read strictly.

use phalanx_engine::{FrameHash, GameIdentity, Setup, Slot, SnapshotHash, Tick, TickRate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::WireError;
use crate::config::SessionRules;
use crate::limits::CONTROL_MESSAGE_BYTES_MAX;
use crate::resume::ResumeToken;

/// What a client sends first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) protocol: u16,
    pub(crate) game: GameIdentity,
    /// Whose slot it was, if it was in the session before.
    pub(crate) token: Option<ResumeToken>,
    /// The frames of the session that it has, and need not be sent.
    pub(crate) held: Option<Position>,
    /// Whether it wants every frame from there on, or from the first: no snapshot in their place.
    pub(crate) whole: bool,
    /// Snapshots of the session that it has: of another one it can be sent what differs from one of these.
    pub(crate) snapshots: Vec<SnapshotId>,
}

/// Which snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotId {
    /// It is the world after this tick.
    pub(crate) tick: Tick,
    pub(crate) hash: SnapshotHash,
}

/// A place in a session's log: every frame before a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) next: Tick,
    /// The hash that the frame of `next` carries.
    pub(crate) head: FrameHash,
}

/// Per way the number of a slot's next command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommandNumbers {
    pub(crate) small: u64,
    pub(crate) large: u64,
}

/// A command that is too long for a datagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LargeCommand {
    pub(crate) sequence: u64,
    pub(crate) stamped: Tick,
    pub(crate) bytes: Vec<u8>,
}

/// What the relay answers to a client that it takes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Welcome {
    pub(crate) slot: Slot,
    pub(crate) setup: Setup,
    pub(crate) rules: SessionRules,
    pub(crate) epoch: u32,
    /// What the slot is claimed with over another connection, if the relay lets players come back.
    pub(crate) token: Option<ResumeToken>,
    /// The relay has every command of the slot before these: they are given by nobody again.
    pub(crate) commands: CommandNumbers,
    /// No tick before this one is stamped: of the slot's last player later ones have come.
    pub(crate) stamps: Tick,
    pub(crate) origin: Origin,
}

/// What a client executes the session's frames from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// The session's first tick.
    Begin,
    /// What it said that it has.
    Held,
    /// A snapshot, which comes in pieces.
    Snapshot {
        hash: SnapshotHash,
        /// Its packed length, bytes.
        bytes: u64,
        /// Hash of the frame of its tick.
        head: FrameHash,
        /// What comes is what differs from this one, which the client said that it has.
        base: Option<SnapshotHash>,
    },
}

/// From a client to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FromClient {
    Hello(Hello),
    /// The clocks are measured; the match may begin, or the snapshot come.
    Ready,
    /// The first tick that this client will stamp: from here on it is waited for.
    Stamping(Tick),
    /// The player leaves.
    Leave,
    /// What the player orders, if it is large. Not only once if the connection was another one.
    Command(LargeCommand),
    /// The player asks for a pause.
    Pause,
    /// The player asks to go on.
    Resume,
    /// What this client holds after a keyframe tick.
    Keyframe {
        tick: Tick,
        hash: SnapshotHash,
        /// Of its canonical form.
        bytes: u64,
    },
    /// A piece of the snapshot that the relay asked for.
    Upload {
        /// Of that tick.
        tick: Tick,
        /// Bytes that come after this piece.
        left: u64,
        piece: Vec<u8>,
    },
    /// So many bytes of the snapshot that the relay sends have come; of the last ones, that they are a world.
    Received(u64),
}

/// From the relay to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FromRelay {
    Welcome(Box<Welcome>),
    /// The match begins, or runs.
    Start {
        /// The first tick that was not sealed,
        at: Tick,
        /// its deadline, nanoseconds on the relay's clock,
        deadline: u64,
        /// and ticks per second of real time from there on.
        rate: TickRate,
        /// From when on there are others.
        change: Option<(Tick, TickRate)>,
    },
    /// Sealed frames that datagrams did not bring: the body of a frames datagram.
    Frames(Vec<u8>),
    /// The first tick at which two players hold different worlds.
    Desync(Tick),
    /// The snapshot of that keyframe tick is wanted.
    Wanted(Tick),
    /// The next piece of the snapshot that the welcome told of.
    Snapshot(Vec<u8>),
    /// So many bytes of the snapshot that the client sends have come.
    Received(u64),
    /// The relay takes the snapshot of that keyframe tick from somebody else: differences from it can be had.
    Chosen(Tick),
}

/// Appends `message` with its length to `out`.
pub(crate) fn encode_control<M: Serialize>(message: &M, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; LENGTH_BYTES]);
    // Our own messages serialise, and to a vector.
    *out = postcard::to_extend(message, core::mem::take(out)).expect("a control message encodes");
    let length = u32::try_from(out.len() - start - LENGTH_BYTES).expect("a short message");
    out[start..start + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
}

const LENGTH_BYTES: usize = size_of::<u32>();

/// Cuts a stream of control bytes into messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct ControlReader {
    bytes: Vec<u8>,
}

impl ControlReader {
    /// Takes what the stream brought.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Of a client's bytes the version of the protocol that it speaks, if they begin with a greeting: in every version
    /// that is its first number, whatever follows.
    pub(crate) fn greeted_version(&self) -> Option<u16> {
        let (_, body) = self.bytes.split_first_chunk::<LENGTH_BYTES>()?;
        let (0, version) = body.split_first()? else {
            return None;
        };
        let (version, _) = postcard::take_from_bytes(version).ok()?;
        Some(version)
    }

    /// The next whole message, if it is there.
    pub(crate) fn next<M: Serialize + DeserializeOwned>(&mut self) -> Result<Option<M>, WireError> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > CONTROL_MESSAGE_BYTES_MAX {
            return Err(WireError::TooLarge);
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message: M = postcard::from_bytes(body).map_err(|_| WireError::NotCanonical)?;
        // Postcard reads overlong numbers and ignores what follows; we do not.
        let mut canonical = Vec::with_capacity(length);
        canonical =
            postcard::to_extend(&message, canonical).map_err(|_| WireError::NotCanonical)?;
        if canonical != body {
            return Err(WireError::NotCanonical);
        }
        self.bytes.drain(..LENGTH_BYTES + length);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(message: &FromClient) -> Vec<u8> {
        let mut out = Vec::new();
        encode_control(message, &mut out);
        out
    }

    #[test]
    fn messages_are_found_however_the_stream_is_cut() {
        let mut stream = encoded(&FromClient::Ready);
        stream.extend(encoded(&FromClient::Stamping(Tick(300))));
        for cut in 0..=stream.len() {
            let mut reader = ControlReader::default();
            let mut found = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                reader.push(part);
                while let Some(message) = reader.next::<FromClient>().unwrap() {
                    found.push(message);
                }
            }
            assert_eq!(found, [FromClient::Ready, FromClient::Stamping(Tick(300))]);
        }
    }

    #[test]
    fn a_greeting_of_any_version_tells_it() {
        let version = |bytes: &[u8]| {
            let mut reader = ControlReader::default();
            reader.push(bytes);
            reader.greeted_version()
        };
        assert_eq!(version(&[5, 0, 0, 0, 0, 4, 9, 9, 9]), Some(4));
        assert_eq!(version(&[5, 0, 0, 0, 0, 0x80, 2]), Some(256));
        assert_eq!(version(&[5, 0, 0, 0, 1, 4]), None, "another message");
        for cut in [
            &[][..],
            &[5, 0, 0, 0],
            &[5, 0, 0, 0, 0],
            &[5, 0, 0, 0, 0, 0x80],
        ] {
            assert_eq!(version(cut), None);
        }
    }

    #[test]
    fn bytes_are_golden() {
        assert_eq!(encoded(&FromClient::Ready), [1, 0, 0, 0, 1]);
        assert_eq!(
            encoded(&FromClient::Stamping(Tick(300))),
            [3, 0, 0, 0, 2, 0xac, 0x02]
        );
    }

    #[test]
    fn strangers_bytes_are_refused() {
        let refused = |bytes: &[u8]| {
            let mut reader = ControlReader::default();
            reader.push(bytes);
            reader.next::<FromClient>().unwrap_err()
        };
        assert_eq!(refused(&[0xff, 0xff, 0xff, 0xff]), WireError::TooLarge);
        assert_eq!(refused(&[1, 0, 0, 0, 9]), WireError::NotCanonical);
        assert_eq!(
            refused(&[2, 0, 0, 0, 1, 0]),
            WireError::NotCanonical,
            "trailing byte"
        );
        assert_eq!(
            refused(&[3, 0, 0, 0, 2, 0x80, 0]),
            WireError::NotCanonical,
            "overlong tick"
        );
    }
}
