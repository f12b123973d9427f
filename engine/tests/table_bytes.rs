//! The canonical form of a small table, byte by byte, and all its digests: what is stored and
//! compared between machines. When it changes by intent, `UPDATE_EXPECT=1 cargo test -p
//! phalanx-engine --test table_bytes` writes the new one.

use std::fmt::Write;

use expect_test::{Expect, expect};
use phalanx_engine::table::BLOCK_ROWS;
use phalanx_engine::{
    Cell, Decoder, DigestNode, DigestVisitor, Encoder, Fix, Fold, Id, Node, Path, PathStep, Row,
    Schema, State, Table, Vec2, from_bytes, to_bytes,
};

#[derive(State, Cell, Clone, Copy, Debug, PartialEq)]
enum Order {
    Stand,
    Guard(Id<Unit>),
    Gather { amount: u16, heavy: bool },
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Unit {
    kind: u8,
    place: Vec2,
    order: Order,
    load: Option<u16>,
    path: Vec<(u8, i16)>,
}

/// Three came, the second went.
fn table() -> Table<Unit> {
    let mut table = Table::<Unit>::new();
    let first = table.insert(Unit {
        kind: 1,
        place: Vec2::new(Fix::ONE, -Fix::STEP),
        order: Order::Stand,
        load: None,
        path: vec![(5, 256), (6, -2)],
    });
    let guard = |kind| Unit {
        kind,
        place: Vec2::ZERO,
        order: Order::Guard(first),
        load: Some(0x0102),
        path: vec![(9, 9)],
    };
    let second = table.insert(guard(2));
    table.insert(Unit {
        order: Order::Gather {
            amount: 0x0304,
            heavy: true,
        },
        path: Vec::new(),
        ..guard(3)
    });
    table.remove(second);
    table
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The next column of cells of so many bytes: their count, and every one.
fn cells(from: &mut Decoder<'_>, width: u32) -> String {
    let count: [u8; 4] = from.take().expect("a count");
    let cells = (0..u32::from_le_bytes(count)).map(|_| from.take_slice(width).expect("a cell"));
    let cells = cells.map(|cell| format!(" {}", hex(cell)));
    hex(&count) + &cells.collect::<String>()
}

/// The next lists of elements of so many bytes: the count of rows, and every row's list.
fn lists(from: &mut Decoder<'_>, width: u32) -> String {
    let count: [u8; 4] = from.take().expect("a count");
    let lists = (0..u32::from_le_bytes(count)).map(|_| format!(" [{}]", cells(from, width)));
    hex(&count) + &lists.collect::<String>()
}

#[test]
fn every_byte_of_the_encoding() {
    let bytes = to_bytes(&table());
    let mut from = Decoder::new(&bytes);
    let columns = [
        ("live", 2),
        ("generations", 4),
        ("free", 4),
        ("kind", 1),
        ("place", 16),
        ("order", 9),
        ("load", 3),
    ];
    let mut text = String::new();
    for (name, width) in columns {
        writeln!(text, "{name}: {}", cells(&mut from, width)).expect("never full");
    }
    writeln!(text, "path: {}", lists(&mut from, 3)).expect("never full");
    assert_eq!(from.finish(), Ok(()));
    expect![[r#"
        live: 01000000 0500
        generations: 03000000 01000000 02000000 01000000
        free: 01000000 01000000
        kind: 03000000 01 00 03
        place: 03000000 0000000001000000ffffffffffffffff 00000000000000000000000000000000 00000000000000000000000000000000
        order: 03000000 000000000000000000 000000000000000000 020403010000000000
        load: 03000000 000000 000000 010201
        path: 03000000 [02000000 050001 06feff] [00000000] [00000000]
    "#]].assert_eq(&text);
    let again: Table<Unit> = from_bytes(&bytes).expect("its own bytes");
    assert_eq!(to_bytes(&again), bytes);
}

#[test]
fn names_and_types() {
    let schema = Schema::of::<Table<Unit>>();
    expect!["Table<UnitColumns{kind:Column<u8>,place:Column<Vec2{x:Fix,y:Fix}>,order:Column<Order{Stand:(),Guard:(0:Id),Gather:(amount:u16,heavy:bool)}>,load:Column<Option<u16>>,path:Lists<(0:u8,1:i16)>}>"].assert_eq(schema.text());
    expect!["974cbb032d0007bd"].assert_eq(&format!("{:016x}", schema.fingerprint()));
}

/// Every node of the tree of digests: its path, the seed of its hash, the hash.
#[derive(Default)]
struct Digests {
    path: Vec<PathStep>,
    text: String,
}

impl DigestVisitor for Digests {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }
    fn node(&mut self, node: DigestNode) {
        let of = match node.fold {
            Fold::Bytes => String::from("bytes"),
            Fold::Children => String::from("children"),
            Fold::Blocks { rows } => format!("blocks of {rows} rows"),
        };
        let (path, key, digest) = (Path(self.path.clone()), node.key, node.digest);
        writeln!(self.text, "{path}: {digest} of {of}, seed {key:016x}").expect("never full");
    }
    fn leave(&mut self) {
        self.path.pop();
    }
}

/// After a tick, from what is kept of blocks; the same from scratch.
fn digests(table: &mut Table<Unit>, wanted: &Expect) {
    const KEY: u64 = 7;
    let mut scratch = Encoder::new();
    let from_scratch = table.digest(Node::root(KEY, &mut scratch));
    let mut undo = Default::default();
    table.open(&mut undo);
    let closed = table.close(&mut undo, Node::root(KEY, &mut scratch));
    let mut digests = Digests::default();
    let shown = table.visit_digests(Node::root(KEY, &mut scratch), &mut digests);
    assert_eq!([from_scratch, closed], [shown, shown]);
    wanted.assert_eq(&digests.text);
}

#[test]
fn every_digest() {
    digests(
        &mut table(),
        &expect![[r#"
            live[0..1]: c54d3278d75cf5ab of bytes, seed 9e6585305d1d1e16
            live: 591a6fba6de8167e of blocks of 1 rows, seed f75f04cbb5a1a1dd
            generations[0..3]: c144372b55d28f91 of bytes, seed c10b1294a196301f
            generations: 1cecbea78613dd43 of blocks of 3 rows, seed b3466f8a7b81a989
            free[0..1]: 912eeae674ec3206 of bytes, seed e8a07df1cb38a6d3
            free: 65f6d670b68707da of blocks of 1 rows, seed e8313fe1d7350611
            columns.kind[0..3]: 0c5991ae9b36f009 of bytes, seed 7053dfea974d6335
            columns.kind: 701fa72567ae6faf of blocks of 3 rows, seed c70361c96dcf299e
            columns.place[0..3]: e8535119c21d4b4e of bytes, seed 97afa59f82e814bd
            columns.place: 1470ab52053f5c11 of blocks of 3 rows, seed 7df531375ab2d471
            columns.order[0..3]: edbe746403381cb1 of bytes, seed 76a1d2a79b32dcca
            columns.order: 71beedeb781e84e8 of blocks of 3 rows, seed 0bd71e859509afe1
            columns.load[0..3]: 1a9a2394cfde6a59 of bytes, seed 163e8b50217b9084
            columns.load: 5ba1fd25f0d066eb of blocks of 3 rows, seed fd18b4979b7c1624
            columns.path[0..3]: 3b30603c05c6a924 of bytes, seed 9cefe60028973972
            columns.path: 405c6b8c9f42c442 of blocks of 3 rows, seed 7782ccd60c2dca53
            columns: 86018e5d4bebacef of children, seed 6d1db36ccba982d2
            .: 6f060b530a8ce5fe of children, seed 0000000000000007
        "#]],
    );
}

#[test]
fn a_block_more() {
    let mut table = table();
    for kind in 0..BLOCK_ROWS {
        table.insert(Unit {
            kind: kind.to_le_bytes()[0],
            place: Vec2::ZERO,
            order: Order::Stand,
            load: None,
            path: Vec::new(),
        });
    }
    digests(
        &mut table,
        &expect![[r#"
            live[0..2]: 7a597be203e8a200 of bytes, seed 9e6585305d1d1e16
            live: e79ab6ebf4c8ceec of blocks of 2 rows, seed f75f04cbb5a1a1dd
            generations[0..16]: 6b23d7e06ab23667 of bytes, seed c10b1294a196301f
            generations[16..18]: 664c0a8680b0fa49 of bytes, seed 64e236f0164a100e
            generations: 3e7d7c9f0ca60cee of blocks of 18 rows, seed b3466f8a7b81a989
            free: 2ee19211edddee49 of blocks of 0 rows, seed e8313fe1d7350611
            columns.kind[0..16]: 1d72819becc32df4 of bytes, seed 7053dfea974d6335
            columns.kind[16..18]: 87793ff9d1c6d254 of bytes, seed a830ffe5574b7bdf
            columns.kind: 1bd48866a692d530 of blocks of 18 rows, seed c70361c96dcf299e
            columns.place[0..16]: e8535119c21d4b4e of bytes, seed 97afa59f82e814bd
            columns.place[16..18]: 6243d7769b3e9823 of bytes, seed c471c65c93b3e820
            columns.place: 278d3e9d8bb1ddde of blocks of 18 rows, seed 7df531375ab2d471
            columns.order[0..16]: edbe746403381cb1 of bytes, seed 76a1d2a79b32dcca
            columns.order[16..18]: 1078f6266c6e6c83 of bytes, seed 1b63cf93c9d21a8a
            columns.order: 1f0afc356ea9d486 of blocks of 18 rows, seed 0bd71e859509afe1
            columns.load[0..16]: 1a9a2394cfde6a59 of bytes, seed 163e8b50217b9084
            columns.load[16..18]: ada1dd527692a5bc of bytes, seed 9b9cb649631b9173
            columns.load: 6ff20a946f33f3d0 of blocks of 18 rows, seed fd18b4979b7c1624
            columns.path[0..16]: 3b30603c05c6a924 of bytes, seed 9cefe60028973972
            columns.path[16..18]: 2f3da54d1e5e6ae0 of bytes, seed d7ced5d81bdf5170
            columns.path: 3614d0fd5d7fd889 of blocks of 18 rows, seed 7782ccd60c2dca53
            columns: ea493f973ec62cbd of children, seed 6d1db36ccba982d2
            .: d3b38782a025f80e of children, seed 0000000000000007
        "#]],
    );
}
