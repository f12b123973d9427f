//! The geometry's answers are pinned: the same bits on every machine and in every version.

use phalanx_engine::math::shape::{Aabb, Circle, Obb, Segment, Touches};
use phalanx_engine::{Fix, Rng, Rot2, Vec2, Vec3, mix};

/// Folds answers into one number.
#[derive(Default)]
struct Fold(u64);

impl Fold {
    fn number(&mut self, number: Fix) {
        self.0 = mix(self.0 ^ number.to_bits().cast_unsigned());
    }

    fn vector(&mut self, vector: Vec2) {
        self.number(vector.x);
        self.number(vector.y);
    }

    fn maybe(&mut self, number: Option<Fix>) {
        self.number(number.unwrap_or(Fix::MIN));
    }

    fn flags(&mut self, flags: &[bool]) {
        for flag in flags {
            self.0 = mix(self.0 ^ u64::from(*flag));
        }
    }
}

/// A vector of numbers up to 2^`size` steps from zero.
fn vector(rng: &mut Rng, size: u32) -> Vec2 {
    let reach = Fix::from_bits(1 << size);
    Vec2::new(rng.range(-reach..reach), rng.range(-reach..reach))
}

/// From a few steps to a quarter of the range.
const SIZES: [u32; 6] = [3, 20, 33, 42, 54, 61];

#[test]
fn vectors_are_pinned() {
    let mut rng = Rng::new(1);
    let mut fold = Fold::default();
    for size in SIZES {
        for _ in 0..200 {
            let [a, b, c] = [(); 3].map(|()| vector(&mut rng, size));
            let number = c.x;
            for number in [a.dot(b), a.cross(b), a.length(), a.distance(b)] {
                fold.number(number);
            }
            for vector in [
                a.normalized(),
                a.with_length(number),
                a.clamped_length(number),
                a.moved_towards(b, number),
                a.lerp(b, rng.unit()),
                a.projected_on(b),
                a.reflected(b.normalized()),
                a.rotated(Rot2::facing(b) * Rot2::facing(c).inverse()),
            ] {
                fold.vector(vector);
            }
            let (p, q) = (Vec3::new(a.x, a.y, c.x), Vec3::new(b.x, b.y, c.y));
            for vector in [p.cross(q), p.normalized(), p.moved_towards(q, number)] {
                fold.vector(vector.xy());
                fold.number(vector.z);
            }
        }
    }
    assert_eq!(format!("{:016x}", fold.0), "f62827a3d2fc88fb");
}

#[test]
fn shapes_are_pinned() {
    let mut rng = Rng::new(2);
    let mut fold = Fold::default();
    let mut touching = 0;
    for size in SIZES {
        for _ in 0..200 {
            let [a, b, c, d, e, f] = [(); 6].map(|()| vector(&mut rng, size));
            let (segment, ray) = (Segment::new(a, b), Segment::new(c, d));
            let (circle, disc) = (Circle::new(e, a.x.abs()), Circle::new(f, b.y.abs()));
            let (room, hall) = (Aabb::spanning(a, c), Aabb::around(f, d.abs()));
            let chest = Obb::new(e, b.abs(), Rot2::facing(c));
            let trunk = Obb::new(d, f.abs(), Rot2::facing(a));
            let flags = [
                segment.touches(&ray),
                circle.touches(&disc),
                room.touches(&hall),
                chest.touches(&trunk),
                ray.touches(&circle),
                ray.touches(&hall),
                disc.touches(&hall),
                chest.touches(&disc),
                chest.touches(&hall),
                chest.contains(f),
            ];
            touching += flags.iter().filter(|flag| **flag).count();
            fold.flags(&flags);
            for hit in [
                segment.hit_by(&ray),
                circle.hit_by(&ray),
                hall.hit_by(&ray),
                chest.hit_by(&ray),
            ] {
                fold.maybe(hit);
            }
            fold.vector(segment.crossing(&ray).unwrap_or_default());
            fold.vector(segment.closest_to(e));
            fold.vector(hall.closest_to(e));
            fold.vector(chest.bounds().min);
            for corner in chest.corners() {
                fold.vector(corner);
            }
        }
    }
    // Of 12,000 questions; about every other answer is yes.
    assert_eq!(
        (format!("{:016x}", fold.0), touching),
        (String::from("9d685311fc3dd25b"), 5816)
    );
}
