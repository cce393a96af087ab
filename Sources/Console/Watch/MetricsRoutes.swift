import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import PushEngine
import Scheduler

/// What Prometheus scrapes.
struct MetricsRoutes {
    let parts: ConsoleParts
    private let startedAt: Moment

    /// How many dead letters are counted; more are a disaster of any size.
    private static let deadLimit = 10_000

    init(_ parts: ConsoleParts) {
        self.parts = parts
        startedAt = parts.clock.now
    }

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "metrics") { _ in
            var out = PrometheusText()
            try await push(&out)
            try await scheduler(&out)
            process(&out)
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: out.text))
            )
        }
    }

    private func push(_ out: inout PrometheusText) async throws {
        let depths = try await parts.queue.depths().sorted { $0.key.name < $1.key.name }
        out.family(
            "kpush_queue_batches",
            .gauge,
            "Batches in the send queue, by lane and by whether they are ready, claimed or waiting.",
            depths.flatMap { lane, depth in
                [("ready", depth.ready), ("claimed", depth.claimed), ("waiting", depth.waiting)]
                    .map { .init($0.1, ["lane": lane.name, "state": $0.0]) }
            }
        )
        let dead = try await parts.queue.deadLetters(before: nil, limit: Self.deadLimit)
        out.family(
            "kpush_dead_letters",
            .gauge,
            "Batches that were given up, by lane; counted up to \(Self.deadLimit) in all.",
            Dictionary(grouping: dead, by: \.message.lane).sorted { $0.key.name < $1.key.name }
                .map { .init($0.value.count, ["lane": $0.key.name]) }
        )
        var states: [DeliveryState: Int] = [:]
        for tally in try await parts.records.tallies(day: parts.calendar.day(of: parts.clock.now)) {
            states[tally.state, default: 0] += tally.count
        }
        out.family(
            "kpush_messages_today",
            .gauge,
            "Messages accepted today, by the state they are in now.",
            DeliveryState.allCases.map { .init(states[$0] ?? 0, ["state": $0.name]) }
        )
    }

    private func scheduler(_ out: inout PrometheusText) async throws {
        let now = parts.clock.now
        let executors = Dictionary(grouping: try await parts.runs.executors(), by: \.group)
        out.family(
            "kpush_executors_living",
            .gauge,
            "Executors that may get runs, by group.",
            executors.sorted { $0.key < $1.key }
                .map { .init($0.value.count { $0.isAlive(at: now) }, ["group": $0.key]) }
        )
        let reading = parts.gauges.reading
        out.family(
            "kpush_scheduler_leader",
            .gauge,
            "1 while this process leads the scheduler.",
            [.init(reading.leading == nil ? 0 : 1)]
        )
        out.family(
            "kpush_scheduler_fencing_token",
            .gauge,
            "The token of the term this process leads; nothing while it does not.",
            reading.leading.map { [.init($0.rawValue)] } ?? []
        )
        out.family(
            "kpush_scheduler_trust_seconds",
            .gauge,
            "For how long this process may yet lead without renewing its lease; nothing while it does not lead.",
            reading.trustLeft.map { [.init($0.inSeconds)] } ?? []
        )
        out.family(
            "kpush_runs_planned_total",
            .counter,
            "Runs planned by this process, by what triggered them.",
            TriggerKind.allCases.map { .init(reading.planned[$0] ?? 0, ["trigger": $0.rawValue]) }
        )
        out.family(
            "kpush_runs_ended_total",
            .counter,
            "Runs that this process saw end, by reason.",
            RunReason.allCases.map { .init(reading.ended[$0] ?? 0, ["reason": $0.rawValue]) }
        )
        out.family("kpush_callbacks_total", .counter, "Callbacks of executors.", [.init(reading.callbacks)])
        out.family(
            "kpush_callbacks_late_total",
            .counter,
            "Callbacks about runs that had ended before, or that nobody knows.",
            [.init(reading.lateCallbacks)]
        )
        out.histogram(
            "kpush_plan_lateness_seconds",
            "From the instant that was due to the row that records the run.",
            reading.planLateness
        )
        out.histogram(
            "kpush_start_lateness_seconds",
            "From the instant that was due to the acceptance by an executor.",
            reading.startLateness
        )
        out.histogram("kpush_handover_seconds", "How long handing a run over took.", reading.handover)
        out.histograms(
            "kpush_run_stage_seconds",
            "How long first attempts of schedules took from one stage to the next: due, planned; due, sent; accepted; ended.",
            by: "stage",
            RunStage.allCases.map { ($0.rawValue, reading.stages[$0] ?? SchedulerGauges.Histogram()) }
        )
    }

    private func process(_ out: inout PrometheusText) {
        out.family(
            "kpush_uptime_seconds",
            .gauge,
            "Seconds since this process began to serve.",
            [.init((parts.clock.now - startedAt).inSeconds)]
        )
        out.family(
            "process_resident_memory_bytes",
            .gauge,
            "Resident memory of this process.",
            ProcessMemory.resident.map { [.init($0)] } ?? []
        )
        out.family(
            "process_peak_memory_bytes",
            .gauge,
            "The most resident memory this process ever had.",
            ProcessMemory.peak.map { [.init($0)] } ?? []
        )
    }
}
