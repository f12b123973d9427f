//! The project that a game starts from: its program is the README's, its lints and its profile are
//! those to which the duel is held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");
const PROGRAM: &str = include_str!("../template/src/main.rs");
const MANIFEST: &str = include_str!("../template/Cargo.toml");
const CLIPPY: &str = include_str!("../template/clippy.toml");

/// The lines of each section of a TOML file, without comments.
fn sections(toml: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut sections = BTreeMap::<_, BTreeSet<_>>::new();
    let mut section = "";
    let lines = toml.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(name) => section = name,
            None => {
                sections.entry(section).or_default().insert(line);
            }
        }
    }
    sections
}

/// Every line of the template's sections that begin with `ours` which the workspace does not have in
/// the section of that name, the prefix `theirs` before it.
fn missing<'a>(template: &'a str, workspace: &str, ours: &str, theirs: &str) -> Vec<&'a str> {
    let workspace = sections(workspace);
    sections(template)
        .into_iter()
        .filter(|(name, _)| name.starts_with(ours))
        .flat_map(|(name, lines)| {
            let have = workspace.get(&*format!("{theirs}{name}"));
            let lacking = move |line: &&str| !have.is_some_and(|have| have.contains(line));
            lines.into_iter().filter(lacking)
        })
        .collect()
}

#[test]
fn lints_and_profile_are_the_workspaces() {
    let workspace = include_str!("../../Cargo.toml");
    let named: Vec<_> = sections(MANIFEST).into_keys().collect();
    for name in [
        "lints.clippy",
        "lints.rust",
        "profile.dev",
        "profile.release",
    ] {
        assert!(named.contains(&name), "{named:?}");
    }
    let none: [&str; 0] = [];
    assert_eq!(missing(MANIFEST, workspace, "lints.", "workspace."), none);
    assert_eq!(missing(MANIFEST, workspace, "profile.", ""), none);
}

#[test]
fn canary_another_profile_is_noticed() {
    let without = "[profile.release]\nlto = true\n[profile.dev]\noverflow-checks = true\n";
    let lines = missing(MANIFEST, without, "profile.", "");
    assert_eq!(lines, ["opt-level = 1", "overflow-checks = true"]);
}

#[test]
fn clippy_forbids_what_it_forbids_the_duel() {
    let duel = sections(include_str!("../clippy.toml"));
    let lists = |lines: &BTreeSet<&'static str>| -> Vec<&str> {
        let list = lines.iter().copied().filter(|line| line.starts_with('{'));
        list.collect()
    };
    let template = sections(CLIPPY);
    assert_eq!(lists(&template[""]), lists(&duel[""]));
    assert!(lists(&template[""]).len() > 10);
}

/// A program without what rustfmt adds: it breaks lines, ends those with a comma, and puts what a
/// closure returns into braces.
fn squeezed(program: &str) -> String {
    let dense: String = program.split_whitespace().collect();
    [",}", ",)", ",]"]
        .iter()
        .fold(dense, |dense, end| dense.replace(end, &end[1..]))
        .replace(['{', '}'], "")
}

#[test]
fn the_program_is_the_readmes() {
    let (_, rest) = README.split_once("```rust\n").expect("a program");
    let (shown, _) = rest.split_once("```").expect("its end");
    assert_eq!(squeezed(PROGRAM), squeezed(shown));
    assert!(PROGRAM.contains("fn main()"));
}

/// What the lints have to find in a `step`, one a line, each with the name that clippy gives.
const FAULTS: [(&str, &str); 9] = [
    (
        "pub fn a(x: u32) -> u32 { let y: f32 = 0.5; x + u32::from(y > 0.1) }",
        "f32",
    ),
    (
        "pub fn b(x: u32) -> u32 { u32::from(f64::from(x) > 0.1) }",
        "f64",
    ),
    (
        "pub fn c() { let _ = std::collections::HashMap::<u8, u8>::new(); }",
        "HashMap",
    ),
    (
        "pub fn d() { let _ = std::collections::HashSet::<u8>::new(); }",
        "HashSet",
    ),
    (
        "pub fn e() { let _ = std::time::Instant::now(); }",
        "Instant",
    ),
    (
        "pub fn f() { let _ = std::time::SystemTime::now(); }",
        "SystemTime",
    ),
    (
        "pub fn g(x: &mut [u8]) { x.sort_unstable(); }",
        "sort_unstable",
    ),
    (
        "pub fn h() -> bool { std::env::var(\"x\").is_ok() }",
        "std::env::var",
    ),
    ("pub fn i(x: u8) { debug_assert!(x > 0); }", "debug_assert"),
];

#[test]
#[ignore = "needs clippy; .ci/run runs it"]
fn the_lints_find_what_they_forbid() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("template");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let alone = MANIFEST
        .lines()
        .filter(|line| !line.starts_with("phalanx-"));
    let manifest: String = alone.flat_map(|line| [line, "\n"]).collect();
    let program: String = FAULTS.iter().flat_map(|(line, _)| [*line, "\n"]).collect();
    let files = [
        ("Cargo.toml", &*manifest),
        ("clippy.toml", CLIPPY),
        ("src/lib.rs", &program),
    ];
    for (file, text) in files {
        fs::write(folder.join(file), text).expect("a file of a project");
    }
    let clippy = Command::new("cargo")
        .args([
            "clippy",
            "--quiet",
            "--offline",
            "--message-format",
            "short",
        ])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(&folder)
        .output()
        .expect("clippy");
    let found = String::from_utf8_lossy(&clippy.stderr);
    assert!(!clippy.status.success(), "{found}");
    for ((line, name), number) in FAULTS.iter().zip(1..) {
        let place = format!("src/lib.rs:{number}:");
        let told =
            |told: &str| told.starts_with(&place) && told.contains("error") && told.contains(name);
        assert!(found.lines().any(told), "{line}\n{found}");
    }
}
