//! Datagrams: inputs, commands and votes up, sealed frames and forwarded inputs down, probes of the clock.
//!
//! Both large kinds are self-contained: they carry everything that is not acknowledged yet,
//! written against a value that the receiver provably has, or against the neutral input.

use phalanx_engine::{CommandWay, Digest, Tick};

use super::WireError;
use super::bits::{BitReader, BitWriter};
use super::control::CommandNumbers;
use super::frames::take_command;
use super::report::{Arrivals, PathReport};
use crate::limits::{
    COMMANDS_PER_DATAGRAM_MAX, DATAGRAM_BYTES_MAX, FRAGMENTS_MAX, INPUTS_PER_DATAGRAM_MAX,
    VOTES_PER_DATAGRAM_MAX,
};

const KIND_INPUTS: u8 = 1;
const KIND_FRAMES: u8 = 2;
const KIND_FRAGMENT: u8 = 3;
const KIND_PROBE: u8 = 4;
const KIND_ECHO: u8 = 5;

/// The fixed part of a datagram from a client; votes, inputs and commands follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputHeader {
    /// How many datagrams of inputs the client sent before this one: the low 16 bits. They go round no
    /// sooner than a silent client is closed.
    pub(crate) number: u16,
    /// The client has every sealed frame before this one.
    pub(crate) frames_next: Tick,
    /// Tick of the first input.
    pub(crate) first: Tick,
    /// How many inputs follow.
    pub(crate) count: u64,
    /// Whether the first is written against the input before it, which the relay acknowledged;
    /// else against the neutral input.
    pub(crate) acked_baseline: bool,
    /// Tick of the first vote.
    pub(crate) votes_first: Tick,
}

/// The fixed part of a datagram from the relay; frames and provisional inputs follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelayHeader {
    /// The relay has every input of this client before this tick.
    pub(crate) inputs_next: Tick,
    /// The relay has every small command of this client before this one, and has sealed every large one
    /// before this one.
    pub(crate) commands: CommandNumbers,
    /// The relay has every vote of this client before this tick.
    pub(crate) votes_next: Tick,
    /// Every tick before this one is agreed.
    pub(crate) agreed_next: Tick,
    /// How early this client's newest inputs were, as the relay saw it.
    pub(crate) arrivals: Arrivals,
    /// What became of this client's datagrams; now and then.
    pub(crate) path: Option<PathReport>,
    /// The relay's epoch.
    pub(crate) epoch: u32,
    /// Tick of the first frame.
    pub(crate) first: Tick,
    /// Whether the first frame is written against the one before it, which the client
    /// acknowledged; else against neutral inputs.
    pub(crate) acked_baseline: bool,
}

/// One piece of a datagram that was too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FragmentHeader {
    pub(crate) tick: Tick,
    pub(crate) index: u8,
    pub(crate) count: u8,
}

/// A datagram that the relay received.
pub(crate) enum ToRelay<'a> {
    /// Header; the reader stands at the votes.
    Inputs(InputHeader, BitReader<'a>),
    /// The client's clock, to be returned.
    Probe(u64),
}

/// A datagram that a client received.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one call; a box would be an allocation per datagram"
)]
pub(crate) enum ToClient<'a> {
    /// Header; the reader stands at the frames.
    Frames(RelayHeader, BitReader<'a>),
    Fragment(FragmentHeader, &'a [u8]),
    /// What the probe said, and the relay's clock when it came, nanoseconds.
    Echo {
        sent: u64,
        relay: u64,
    },
}

/// Namespace of the encoders.
pub(crate) struct Datagram;

impl Datagram {
    /// Starts a datagram of inputs: header and votes. Inputs follow, each as a difference, and then
    /// commands.
    pub(crate) fn inputs<'a>(
        out: &'a mut Vec<u8>,
        header: &InputHeader,
        votes: impl Iterator<Item = Digest>,
    ) -> BitWriter<'a> {
        out.push(KIND_INPUTS);
        let mut bits = BitWriter::new(out);
        bits.put(header.number.into(), 16);
        let near = header.frames_next;
        bits.put_count(near.0);
        bits.put_tick(header.first, near);
        bits.put_count(header.count);
        bits.put_bool(header.acked_baseline);
        bits.put_tick(header.votes_first, near);
        for vote in votes {
            bits.put_bool(true);
            bits.put_u64(vote.0);
        }
        bits.put_bool(false);
        bits
    }

    /// Starts a datagram of frames. Frames and provisional inputs follow.
    pub(crate) fn frames<'a>(out: &'a mut Vec<u8>, header: &RelayHeader) -> BitWriter<'a> {
        out.push(KIND_FRAMES);
        Self::frames_body(out, header)
    }

    /// The same without the kind, as a control message carries it.
    pub(crate) fn frames_body<'a>(out: &'a mut Vec<u8>, header: &RelayHeader) -> BitWriter<'a> {
        let mut bits = BitWriter::new(out);
        let near = header.first;
        bits.put_count(near.0);
        bits.put_tick(header.inputs_next, near);
        bits.put_count(header.commands.small);
        // Most never give a large one.
        bits.put_bool(header.commands.large > 0);
        if header.commands.large > 0 {
            bits.put_count(header.commands.large);
        }
        bits.put_tick(header.votes_next, near);
        bits.put_tick(header.agreed_next, near);
        header.arrivals.put(header.inputs_next, &mut bits);
        bits.put_bool(header.path.is_some());
        if let Some(path) = header.path {
            path.put(&mut bits);
        }
        bits.put_count(header.epoch.into());
        bits.put_bool(header.acked_baseline);
        bits
    }

    pub(crate) fn fragment(out: &mut Vec<u8>, header: FragmentHeader, piece: &[u8]) {
        out.push(KIND_FRAGMENT);
        let mut bits = BitWriter::new(out);
        bits.put_count(header.tick.0);
        bits.put(header.index.into(), 8);
        bits.put(header.count.into(), 8);
        bits.finish();
        out.extend_from_slice(piece);
    }

    pub(crate) fn probe(out: &mut Vec<u8>, sent: u64) {
        out.push(KIND_PROBE);
        out.extend_from_slice(&sent.to_le_bytes());
    }

    pub(crate) fn echo(out: &mut Vec<u8>, sent: u64, relay: u64) {
        out.push(KIND_ECHO);
        out.extend_from_slice(&sent.to_le_bytes());
        out.extend_from_slice(&relay.to_le_bytes());
    }
}

fn split(bytes: &[u8]) -> Result<(u8, &[u8]), WireError> {
    if bytes.len() > DATAGRAM_BYTES_MAX {
        return Err(WireError::TooLarge);
    }
    bytes
        .split_first()
        .map(|(kind, rest)| (*kind, rest))
        .ok_or(WireError::UnexpectedEnd)
}

impl<'a> ToRelay<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        match split(bytes)? {
            (KIND_INPUTS, rest) => {
                let mut bits = BitReader::new(rest);
                let number = bits.take_u16()?;
                let frames_next = Tick(bits.take_count()?);
                let header = InputHeader {
                    number,
                    frames_next,
                    first: bits.take_tick(frames_next)?,
                    count: bits.take_count()?,
                    acked_baseline: bits.take_bool()?,
                    votes_first: bits.take_tick(frames_next)?,
                };
                if header.count > INPUTS_PER_DATAGRAM_MAX {
                    return Err(WireError::OutOfRange("the number of inputs"));
                }
                Ok(Self::Inputs(header, bits))
            }
            (KIND_PROBE, rest) => {
                let mut bits = BitReader::new(rest);
                let sent = bits.take_u64()?;
                bits.finish()?;
                Ok(Self::Probe(sent))
            }
            (kind, _) => Err(WireError::UnknownKind(kind)),
        }
    }

    /// Reads the small commands behind the inputs, each with its number and its tick, which is near to
    /// [`InputHeader::frames_next`].
    pub(crate) fn commands(
        near: Tick,
        bits: &mut BitReader<'_>,
        mut each: impl FnMut(u64, Tick, Vec<u8>) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        if !bits.take_bool()? {
            return Ok(());
        }
        let first = bits.take_count()?;
        let mut count = 0;
        while bits.take_bool()? {
            if count >= COMMANDS_PER_DATAGRAM_MAX as u64 {
                return Err(WireError::OutOfRange("the number of commands"));
            }
            let sequence = first.checked_add(count);
            let sequence = sequence.ok_or(WireError::OutOfRange("the number of a command"))?;
            let tick = bits.take_tick(near)?;
            each(sequence, tick, take_command(CommandWay::Small, bits)?)?;
            count += 1;
        }
        Ok(())
    }

    /// Reads the votes behind the header.
    pub(crate) fn votes(
        bits: &mut BitReader<'_>,
        mut each: impl FnMut(Digest),
    ) -> Result<(), WireError> {
        let mut left = VOTES_PER_DATAGRAM_MAX;
        while bits.take_bool()? {
            left = left
                .checked_sub(1)
                .ok_or(WireError::OutOfRange("the number of votes"))?;
            each(Digest(bits.take_u64()?));
        }
        Ok(())
    }
}

impl<'a> ToClient<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        match split(bytes)? {
            (KIND_FRAMES, rest) => Self::decode_frames(rest),
            (KIND_FRAGMENT, rest) => {
                let mut bits = BitReader::new(rest);
                let tick = Tick(bits.take_count()?);
                let (index, count) = (bits.take_u8()?, bits.take_u8()?);
                if usize::from(count) > FRAGMENTS_MAX || index >= count {
                    return Err(WireError::OutOfRange("the number of a fragment"));
                }
                // Counts and bytes are whole bytes, so the piece starts on one.
                Ok(Self::Fragment(
                    FragmentHeader { tick, index, count },
                    bits.rest(),
                ))
            }
            (KIND_ECHO, rest) => {
                let mut bits = BitReader::new(rest);
                let (sent, relay) = (bits.take_u64()?, bits.take_u64()?);
                bits.finish()?;
                Ok(Self::Echo { sent, relay })
            }
            (kind, _) => Err(WireError::UnknownKind(kind)),
        }
    }

    /// Reads what [`Datagram::frames_body`] wrote.
    pub(crate) fn decode_frames(body: &'a [u8]) -> Result<Self, WireError> {
        let mut bits = BitReader::new(body);
        let first = Tick(bits.take_count()?);
        let inputs_next = bits.take_tick(first)?;
        let small = bits.take_count()?;
        let large = if bits.take_bool()? {
            bits.take_count()?
        } else {
            0
        };
        let votes_next = bits.take_tick(first)?;
        let agreed_next = bits.take_tick(first)?;
        let arrivals = Arrivals::take(inputs_next, &mut bits)?;
        let path = if bits.take_bool()? {
            Some(PathReport::take(&mut bits)?)
        } else {
            None
        };
        let epoch = u32::try_from(bits.take_count()?);
        let header = RelayHeader {
            inputs_next,
            commands: CommandNumbers { small, large },
            votes_next,
            agreed_next,
            arrivals,
            path,
            epoch: epoch.map_err(|_| WireError::OutOfRange("the epoch"))?,
            first,
            acked_baseline: bits.take_bool()?,
        };
        Ok(Self::Frames(header, bits))
    }
}
