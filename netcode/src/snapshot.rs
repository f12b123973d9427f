//! Snapshots as bytes, for files and the wire: whole, or as what differs from an older one.
//!
//! All numbers are little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `phlxsnap` |
//! | 2 | format, 1 |
//! | 1 | 0: whole; 1: differences |
//! | 32 | hash of the snapshot's canonical bytes |
//! | 32 | only of differences: that of the snapshot they are from |
//! | 8 | length of the canonical bytes |
//! | rest | one zstd frame |
//!
//! In the frame are the columns: their number (4) and of each where it begins (8), the width of a cell
//! (4) and how many there are (8); of differences also those of the older snapshot. Then comes what
//! lies outside columns, and of every column, for each 65,536 cells, a bit for every one that is not
//! zero, and those that are not: all first bytes, all second bytes, and so on. Differences are an
//! exclusive or with the older snapshot, column by column, so that what did not change is a zero bit;
//! of a whole snapshot that leaves out the rows that do not live.
//!
//! Of 100,000 rows of 64 bytes (6.8 MB), 1 % of which move at every tick, the whole takes 2,623 KB, and
//! differences after 1, 20 and 200 ticks take 18, 300 and 1,342 KB. Measured beside it, byte planes of
//! whole columns took 2.8, 1.8 and 1.2 times as much, and zstd with the older snapshot as prefix 1.7, 1.6
//! and 1.7 times, both several times as long. Higher levels gain 1 to 5 % in twice the time.

mod columns;
mod error;

use phalanx_engine::{Decoder, Encoder, Snapshot, SnapshotHash, State};
use zstd::zstd_safe::{compress_bound, find_frame_compressed_size, get_frame_content_size};

use crate::limits::{SNAPSHOT_BYTES_MAX, SNAPSHOT_PACKED_BYTES_MAX};
use columns::{COLUMNS_BYTES_MAX, Columns, gathered_max};
pub use error::SnapshotError;

/// The first bytes of every packed snapshot.
const MAGIC: [u8; 8] = *b"phlxsnap";

/// Of what is described above.
pub(crate) const FORMAT: u16 = 1;

/// What stands before the zstd frame of a whole one.
const HEAD_BYTES: usize = 8 + 2 + 1 + 32 + 8;

/// Of zstd.
const LEVEL: i32 = 1;

/// The canonical bytes of a snapshot, and where its columns are in them.
struct Canonical {
    bytes: Vec<u8>,
    columns: Columns,
    hash: SnapshotHash,
}

impl Canonical {
    fn of(snapshot: &Snapshot) -> Self {
        let mut out = Encoder::new();
        snapshot.encode(&mut out);
        let bytes = out.into_bytes();
        Self {
            columns: Columns::of(&snapshot.marks, bytes.len() - snapshot.world.len(), &bytes),
            hash: SnapshotHash::of(&bytes),
            bytes,
        }
    }
}

/// Packs `snapshot`: whole, or as what differs from `base`.
///
/// # Errors
/// [`SnapshotError::TooLarge`] if there are more than [`SNAPSHOT_BYTES_MAX`] bytes.
pub fn pack(snapshot: &Snapshot, base: Option<&Snapshot>) -> Result<Vec<u8>, SnapshotError> {
    let Canonical {
        mut bytes,
        columns,
        hash,
    } = Canonical::of(snapshot);
    if bytes.len() as u64 > SNAPSHOT_BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    let mut out = Encoder::new();
    out.put(&MAGIC);
    FORMAT.encode(&mut out);
    out.put_u8(base.is_some().into());
    out.put(&hash.0);
    let mut tables = Encoder::new();
    columns.encode(&mut tables);
    if let Some(base) = base {
        let base = Canonical::of(base);
        out.put(&base.hash.0);
        base.columns.encode(&mut tables);
        columns.xor(&mut bytes, &base.columns, &base.bytes);
    }
    (bytes.len() as u64).encode(&mut out);
    let mut body = tables.into_bytes();
    columns.gather(&bytes, &mut body);
    let body = zstd::bulk::compress(&body, LEVEL);
    out.put(&body.map_err(|_| SnapshotError::Compression)?);
    Ok(out.into_bytes())
}

/// What stands before the columns.
struct Head {
    hash: SnapshotHash,
    base: Option<SnapshotHash>,
    length: usize,
}

impl Head {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, SnapshotError> {
        if from.take() != Ok(MAGIC) {
            return Err(SnapshotError::NoSnapshot);
        }
        let format = u16::decode(from)?;
        if format != FORMAT {
            return Err(SnapshotError::OtherFormat(format));
        }
        let differs = bool::decode(from)?;
        let hash = SnapshotHash(from.take()?);
        let base = differs.then(|| from.take().map(SnapshotHash)).transpose()?;
        let length = u64::decode(from)?;
        if length > SNAPSHOT_BYTES_MAX {
            return Err(SnapshotError::TooLarge);
        }
        let length = usize::try_from(length).map_err(|_| SnapshotError::TooLarge)?;
        Ok(Self { hash, base, length })
    }
}

/// The hash of the snapshot that `bytes` tell the differences from; `None` if they are a whole one.
/// Nothing but their head is read.
///
/// # Errors
/// [`SnapshotError`] if that is not the head of a packed snapshot.
pub fn base_of(bytes: &[u8]) -> Result<Option<SnapshotHash>, SnapshotError> {
    Head::decode(&mut Decoder::new(bytes)).map(|head| head.base)
}

/// Most bytes of a whole snapshot of so many canonical ones, as [`pack`] packs it. A peer could pack it into many more,
/// which would all have to be kept and sent on.
pub(crate) fn packed_max(length: u64) -> u64 {
    let length = usize::try_from(length.min(SNAPSHOT_BYTES_MAX)).unwrap_or(0);
    let body = compress_bound(COLUMNS_BYTES_MAX + gathered_max(length));
    (HEAD_BYTES + body) as u64
}

/// How many canonical bytes there are in a packed snapshot, as its head says.
///
/// # Errors
/// [`SnapshotError`] if that is not the head of a packed snapshot.
pub(crate) fn length_of(bytes: &[u8]) -> Result<u64, SnapshotError> {
    Head::decode(&mut Decoder::new(bytes)).map(|head| head.length as u64)
}

/// Reads a snapshot whose canonical bytes have that `hash`, and are at most `most`: a whole one, or what differs from
/// `base`. It takes no more than four times as much memory.
///
/// # Errors
/// [`SnapshotError`] if the bytes are none, or another one.
pub(crate) fn open(
    bytes: &[u8],
    hash: SnapshotHash,
    base: Option<&Snapshot>,
    most: u64,
) -> Result<Snapshot, SnapshotError> {
    let head = Head::decode(&mut Decoder::new(bytes))?;
    if head.hash != hash {
        return Err(SnapshotError::Damaged);
    }
    if head.length as u64 > most {
        return Err(SnapshotError::TooLarge);
    }
    unpack(bytes, base)
}

/// Reads what [`pack`] wrote, from the same `base` if it was given one. Whether it is a world of the
/// game is left to [`Snapshot::restore`].
///
/// Whatever the bytes are, it takes at most four times [`SNAPSHOT_BYTES_MAX`] bytes of memory.
///
/// # Errors
/// [`SnapshotError`] if the bytes are no packed snapshot, or only what differs from another one than
/// `base`.
pub fn unpack(bytes: &[u8], base: Option<&Snapshot>) -> Result<Snapshot, SnapshotError> {
    if bytes.len() as u64 > SNAPSHOT_PACKED_BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    let mut from = Decoder::new(bytes);
    let head = Head::decode(&mut from)?;
    let base = match (head.base, base) {
        (None, _) => None,
        (Some(wanted), None) => return Err(SnapshotError::NeedsBase(wanted)),
        (Some(wanted), Some(base)) => {
            let base = Canonical::of(base);
            if wanted != base.hash {
                let given = base.hash;
                return Err(SnapshotError::OtherBase { wanted, given });
            }
            Some(base.bytes)
        }
    };
    let most = 2 * COLUMNS_BYTES_MAX + gathered_max(head.length);
    let body = decompress(from.take_rest(), most)?;
    let mut from = Decoder::new(&body);
    let columns = Columns::decode(&mut from, head.length)?;
    let others = match &base {
        Some(base) => Columns::decode(&mut from, base.len())?,
        None => Columns::default(),
    };
    let mut canonical = columns.scatter(from.take_rest(), head.length)?;
    if let Some(base) = &base {
        columns.xor(&mut canonical, &others, base);
    }
    drop(body);
    if SnapshotHash::of(&canonical) != head.hash {
        return Err(SnapshotError::Damaged);
    }
    let mut snapshot = Snapshot::decode(&canonical)?;
    snapshot.marks = columns.marks(canonical.len() - snapshot.world.len())?;
    Ok(snapshot)
}

/// What one zstd frame holds, that of all of `frame`; at most `most` bytes.
fn decompress(frame: &[u8], most: usize) -> Result<Vec<u8>, SnapshotError> {
    if find_frame_compressed_size(frame) != Ok(frame.len()) {
        return Err(SnapshotError::Compression);
    }
    let Ok(Some(length)) = get_frame_content_size(frame) else {
        return Err(SnapshotError::Compression);
    };
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= most);
    let length = length.ok_or(SnapshotError::TooLarge)?;
    let body = zstd::bulk::decompress(frame, length);
    body.map_err(|_| SnapshotError::Compression)
}
