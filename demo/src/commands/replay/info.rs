//! `replay info`: what is in it. Nothing is executed.

use phalanx_engine::{Record, SealedFrame};
use serde::Serialize;

use super::{Reader, Stage, ending, failure, hex};
use crate::exit::{Exit, Failure};
use crate::summary::SCHEMA_VERSION;

/// The keys, in this order.
#[derive(Serialize)]
struct Info {
    schema_version: u32,
    command: &'static str,
    game: String,
    version: u32,
    content: String,
    seed: String,
    players: u8,
    tick_rate: String,
    first_tick: u64,
    ticks: u64,
    digests: u64,
    keyframes: u64,
    entries: u64,
    commands: u64,
    bytes_frames: u64,
    bytes_digests: u64,
    bytes_keyframes: u64,
    bytes: u64,
    signed_by: Option<String>,
    signed_to: Option<u64>,
    ending: String,
    exit_code: u8,
}

pub(super) fn run(stage: &Stage<'_>, mut reader: Reader) -> Result<Exit, Failure> {
    let path = &stage.args.file;
    let failed = |error| failure(path, &error);
    let (head, sizes) = (reader.head().clone(), reader.sizes());
    let (mut entries, mut commands) = (0, 0);
    let mut frame = SealedFrame::empty(reader.genesis());
    for tick in head.setup.first.until(reader.next()) {
        reader.read(tick, &mut frame).map_err(failed)?;
        entries += frame.entries.len() as u64;
        commands += frame.commands.len() as u64;
    }
    let signed = reader.signed().last();
    let signature = signed.map(|tick| reader.signature(tick)).transpose();
    let signature = signature.map_err(failed)?.flatten();
    let genuine = signature.filter(|signature| signature.verify(reader.genesis()));
    let info = Info {
        schema_version: SCHEMA_VERSION,
        command: "replay info",
        game: head.game.id.clone(),
        version: head.game.version,
        content: hex(&head.game.content),
        seed: head.setup.seed.to_string(),
        players: head.setup.slots,
        tick_rate: head.setup.rate.to_string(),
        first_tick: head.setup.first.0,
        ticks: reader.next().0 - head.setup.first.0,
        digests: reader.digests(),
        keyframes: reader.keyframes().len() as u64,
        entries,
        commands,
        bytes_frames: sizes.frames,
        bytes_digests: sizes.digests,
        bytes_keyframes: sizes.keyframes,
        bytes: sizes.total(),
        signed_by: genuine.map(|signature| hex(&signature.key)),
        signed_to: genuine.map(|signature| signature.tick.0),
        ending: ending(reader.ending()),
        exit_code: Exit::Fine.code(),
    };
    let text = info.text(signature.is_some());
    stage.console.result(&info, &text)?;
    Ok(Exit::Fine)
}

impl Info {
    /// The same in words; `signed` by somebody, be it genuine or not.
    fn text(&self, signed: bool) -> String {
        // Foreign text, which stays within its line.
        let game = self.game.escape_debug();
        let Self {
            version,
            players,
            tick_rate,
            ticks,
            entries,
            commands,
            ..
        } = self;
        let per = |bytes: u64| {
            let hundredths = 100 * bytes / (ticks * u64::from(*players)).max(1);
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        };
        let signature = match (&self.signed_by, self.signed_to) {
            (Some(key), Some(tick)) => format!("signed up to tick {tick} by {key}"),
            _ if signed => "its signature is not genuine".into(),
            _ => "not signed".into(),
        };
        let keyframes = match self.keyframes {
            0 => "none: every seek executes from the first tick on".into(),
            count => format!("{} bytes, {count} of them", self.bytes_keyframes),
        };
        format!(
            "{game} version {version}, seed {}, {players} players, {tick_rate} ticks a second\n\
         {ticks} ticks from {} on, {entries} entries, {commands} commands\n\
         frames     {} bytes, {} per tick and player\n\
         digests    {} bytes, {} of {ticks} ticks\n\
         keyframes  {keyframes}\n\
         {signature}\n{}",
            self.seed,
            self.first_tick,
            self.bytes_frames,
            per(self.bytes_frames),
            self.bytes_digests,
            self.digests,
            self.ending,
        )
    }
}
