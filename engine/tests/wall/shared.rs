use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use phalanx_engine::State;

#[derive(State)]
struct Unit {
    target: Rc<u32>,
    orders: Vec<Arc<u32>>,
    next: Box<u32>,
}

#[derive(State)]
struct Counter {
    hits: Cell<u32>,
    log: RefCell<Vec<u32>>,
    lock: Mutex<u32>,
}

fn main() {}
