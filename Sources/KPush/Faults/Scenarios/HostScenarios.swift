import CurlDriver
import Foundation
import Groundwork
import LocalServers
import PushEngine
import Scheduler

extension FaultScenario {
    static let clockShifted = FaultScenario(
        name: "clock",
        promise: "one scheduler's clock is 3 s ahead, then 3 s behind, and both schedulers lead in turn",
        span: .seconds(45),
        limits: FaultLimits(lateness: .seconds(5)),
        nodes: { stage in
            let clock = try ShiftedClock(in: stage.cluster.data)
            await stage.keep { $0.clock = clock }
            return [ClusterNode].usual.map { $0.name == "scheduler-1" ? clock.worn(by: $0) : $0 }
        },
        obstacle: { ShiftedClock.obstacle },
        faults: { stage in
            guard let clock = await stage.props.clock else { return }
            // So that scheduler-1 takes over, and says when by its clock, each time it is its turn.
            try await stage.handOver(to: "scheduler-2")
            for (distance, word) in [(3, "ahead"), (-3, "behind")] {
                try clock.shift(by: .seconds(distance))
                await stage.note("clock of scheduler-1 3 s \(word)")
                // Who takes over finds what was planned and handed over by another clock.
                for leader in ["scheduler-1", "scheduler-2"] {
                    try await stage.handOver(to: leader)
                    if leader == "scheduler-1" { try await expectShift(stage, by: .seconds(distance)) }
                    try await stage.pause(.seconds(5))
                }
            }
            try clock.shift(by: .zero)
            await stage.note(repair: "clock right again")
            let early = try await stage.cluster.postgres.query(
                "SELECT count(*) FROM runs WHERE app = '\(JobLoad.group)' AND dispatched_at < planned_at",
                in: "kpush"
            )
            await stage.expect(
                "runs dispatched before their instant: \(early.first ?? "?")",
                early.first == "0"
            )
            // The clock that is wrong may be the one that stamps what is dispatched; the executor's is right.
            let earliest = stage.jobs.earliest
            await stage.expect(
                "earliest run before its instant: \(earliest.inSeconds.tenths) s of at most 1.0 s",
                earliest < .seconds(1)
            )
        }
    )

    /// Scheduler-1 has just said something, and the system's clock says when.
    private static func expectShift(_ stage: FaultStage, by distance: Duration) async throws {
        let path = stage.cluster.log(of: "scheduler-1")
        let line = try stage.log(of: "scheduler-1").split(separator: "\n").last ?? ""
        let format = ISO8601DateFormatter()
        format.formatOptions.remove(.withColonSeparatorInTimeZone)
        let written = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
        guard let stamp = format.date(from: String(line.prefix { $0 != " " })), let written else {
            throw DemoError("no time in the log of scheduler-1: \(line)")
        }
        // The log's times are cut down to seconds.
        let shift = stamp.timeIntervalSince(written) + 0.5
        await stage.expect(
            "clock of scheduler-1 is ahead by \(shift.tenths) s of \(distance.inSeconds.tenths) s, by its log",
            abs(shift - distance.inSeconds) < 1
        )
    }

    static let diskFull = FaultScenario(
        name: "disk-full",
        promise: "the disk of an executor's folder and of crowd files is full, and then it is not",
        span: .seconds(25),
        limits: FaultLimits(lateness: .seconds(15)),
        nodes: { stage in
            let disk = try SmallDisk(at: stage.cluster.data + "/small-disk", megabytes: 48)
            await stage.atEnd { disk.unmount() }
            await stage.keep { $0.disk = disk }
            return [ClusterNode].usual
                .map { node in
                    switch node.name {
                    case "executor-1": node.with("KPUSH_DATA", disk.path + "/executor-1")
                    case "web-1": node.with("KPUSH_CROWDS_STORAGE", disk.path + "/crowds")
                    default: node
                    }
                }
        },
        obstacle: { SmallDisk.obstacle },
        faults: { stage in
            guard let disk = await stage.props.disk else { return }
            let api = APIClient(server: stage.cluster.url, token: Secret(stage.cluster.token))
            defer { api.shutdown() }
            let file = stage.cluster.data + "/another.csv"
            var recipe = CrowdRecipe(rows: 20_000)
            recipe.seed = 7
            var generator = try CrowdGenerator(recipe)
            try generator.write(to: file)
            let jobs = try await busy(stage)
            try disk.fill()
            await stage.note("disk filled")
            let refusal = await upload(file, api)
            await stage.expect("a crowd file is refused in words: \(refusal)", refusal.contains("full"))
            // A folder that was never made holds nothing.
            let left = (try? FileManager.default.subpathsOfDirectory(atPath: disk.path + "/crowds")) ?? []
            await stage.expect("nothing half-written is left: \(left)", left.isEmpty)
            await stage.expect("executor-1 says that it cannot record a run", within: .seconds(20)) {
                try stage.log(of: "executor-1").contains("run cannot be recorded")
            }
            try await stage.pause(.seconds(8))
            try disk.clear()
            await stage.note(repair: "space again")
            let answer = await upload(file, api)
            let kept = try FileManager.default.subpathsOfDirectory(atPath: disk.path + "/crowds").count
            await stage.expect(
                "the crowd file is taken: \(answer), files: \(kept)",
                answer == "taken" && kept == 1
            )
            for job in jobs { _ = try await stage.composition.jobs.setEnabled(job, false) }
        }
    )

    /// Gives the cluster's own executors runs, in turn: those of the load go to the oracle's.
    private static func busy(_ stage: FaultStage) async throws -> [JobID] {
        var made: [JobID] = []
        for number in 1...10 {
            let spec = JobSpec(
                name: "busy-\(number)",
                group: "kpush",
                schedule: .every(.seconds(1)),
                misfire: .skip,
                overlap: .serial,
                route: .round,
                handler: "tokenRefresh"
            )
            made.append(try await stage.composition.jobs.create(spec).id)
        }
        return made
    }

    /// Uploads a crowd file, and tells what was said about it.
    private static func upload(_ path: String, _ api: APIClient) async -> String {
        do {
            let body = try FileBody(path: path)
            _ = try await api.upload(body, to: "/api/v1/crowds", [("name", "another.csv")])
            return "taken"
        } catch { return "\(error)" }
    }
}
