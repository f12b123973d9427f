//! [`FloorController`]: a congestion window that does not starve a steady flow of datagrams.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use quinn_proto::RttEstimator;
use quinn_proto::congestion::{Controller, ControllerFactory, ControllerMetrics, CubicConfig};

use super::settings::CONGESTION_FLOOR;

/// Makes a [`FloorController`] around quinn's Cubic for each connection.
#[derive(Debug, Default)]
pub struct FloorConfig {
    inner: Arc<CubicConfig>,
}

impl ControllerFactory for FloorConfig {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(FloorController {
            inner: Arc::clone(&self.inner).build(now, current_mtu),
        })
    }
}

/// quinn's Cubic, whose window never falls below [`CONGESTION_FLOOR`].
///
/// Cubic grows only while the window is full. A game sends one small datagram per tick and never
/// fills it, so each loss shrinks the window and nothing opens it again, until the datagrams wait in
/// the queue for hundreds of milliseconds. The floor is more than such a flow has in flight, and
/// what the session sends is bounded by its own budgets.
pub struct FloorController {
    inner: Box<dyn Controller>,
}

impl Controller for FloorController {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.inner.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        self.inner.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.inner
            .on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.inner
            .on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.inner.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.inner.window().max(CONGESTION_FLOOR)
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = self.inner.metrics();
        metrics.congestion_window = self.window();
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self {
            inner: self.inner.clone_box(),
        })
    }

    fn initial_window(&self) -> u64 {
        self.inner.initial_window().max(CONGESTION_FLOOR)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
