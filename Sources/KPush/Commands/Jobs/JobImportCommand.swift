import ArgumentParser
import Foundation
import Groundwork
import Scheduler

/// `kpush jobs import`.
struct JobImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make job definitions out of a dump of an xxl-job database, without a server.",
        discussion: """
            The dump is what mysqldump writes of xxl_job_group and xxl_job_info, alone or among other tables, of \
            xxl-job 2.3.0 or later. Each job becomes a file FOLDER/GROUP/NUMBER-NAME.yaml that kpush jobs plan and \
            apply take; code that xxl-job kept lies beside it. The groups, with their titles and the addresses of executors that \
            do not register by themselves, become FOLDER/groups.yaml for kpush groups apply. The tables say what a definition cannot say yet; a job \
            that could not run because of it is switched off.

            Exit code 0: every definition says all there was to say. Exit code 1: some do not.
            """
    )

    @Argument(help: "The dump; - is standard input.", completion: .file(extensions: ["sql"]))
    var dump: String

    @Option(help: "The folder to write to; it must not exist or be empty.", completion: .directory)
    var out: String

    @Option(help: "What cron expressions do at clock changes: quartz (as before), vixie, skip or both.")
    var dialect = DaylightPolicy.quartz

    @Option(help: "The zone of cron expressions: that of xxl-job's server.")
    var zone = "Asia/Shanghai"

    @Option(help: "How many fires of each cron expression to compare under quartz and vixie.")
    var fires = 100

    func validate() throws {
        guard (1...10_000).contains(fires) else { throw ValidationError("--fires must be from 1 to 10000") }
        guard ZoneRules.zone(named: zone) != nil else {
            throw ValidationError("there is no time zone '\(zone)'")
        }
    }

    func run() throws {
        do throws(CommandError) {
            let dump = try read()
            let jobs = JobImport(zone: zone, daylight: dialect).jobs(of: dump)
            let groups = ImportedGroup.all(of: dump.groups.values)
            try ImportFolder(path: out).write(jobs, groups)
            let report = ImportReport(jobs, groups, after: SystemClock().now, fires: fires)
            Terminal.out(report.text)
            if report.isIncomplete { throw CommandError(.notSo, "some definitions do not say all there was") }
        } catch {
            Terminal.complain("kpush: \(error)\n")
            throw ExitCode(error.exit.rawValue)
        }
    }

    /// The dump, read piece by piece.
    private func read() throws(CommandError) -> XXLJobDump {
        let file: FileHandle
        do {
            file =
                dump == "-"
                ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: dump))
        } catch {
            throw .unreadable(dump, error)
        }
        do throws(DumpError) {
            return try XXLJobDump { () throws(DumpError) in
                do {
                    return [UInt8](try file.read(upToCount: 1 << 18) ?? Data())
                } catch {
                    throw DumpError(0, CommandError.reason(error))
                }
            }
        } catch {
            throw CommandError(.refused, "\(dump): \(error)")
        }
    }
}
