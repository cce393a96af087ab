import ArgumentParser
import Foundation
import Groundwork
import Scheduler

/// `kpush cron`: what a schedule means, without a server.
struct CronCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron",
        abstract: "Say what a cron expression means.",
        discussion: """
            kpush cron EXPR says in words when it fires. EXPR has six or seven fields, as in Quartz: second minute \
            hour day-of-month month day-of-week [year]; the days of the week are 1 = SUN to 7 = SAT.
            """,
        subcommands: [Words.self, Next.self],
        defaultSubcommand: Words.self
    )

    /// Reads an expression; one that is none is shown with a caret under its fault.
    ///
    /// - Throws: `ExitCode` after a complaint.
    private static func expression(_ text: String) throws -> CronExpression {
        do throws(CronSyntaxError) {
            return try CronExpression(text)
        } catch {
            // A tab would put the caret elsewhere than under its column.
            let shown = text.replacing("\t", with: " ")
            Terminal.complain("\(shown)\n\(String(repeating: " ", count: error.position))^\n\(error)\n")
            throw ExitCode(EX_DATAERR)
        }
    }
}

extension CronCommand {
    /// `kpush cron words`: an expression in plain words.
    struct Words: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "words",
            abstract: "Say in plain words when an expression fires."
        )

        @Argument(help: ArgumentHelp("The expression, in quotes.", valueName: "EXPR"))
        var expression: String

        @Option(help: "The language of the words: en or zh.")
        var language = CronLanguage.english

        func run() throws {
            print(try CronCommand.expression(expression).words(in: language))
        }
    }
}

extension CronCommand {
    /// `kpush cron next`: the next instants of one expression, or of one expression a line.
    struct Next: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print when an expression fires next.",
            discussion: """
                What may surprise goes to standard error.

                With --stdin, each line EXPR<TAB>ZONE<TAB>EPOCH_MS is answered by a line: the next instants as \
                comma-joined epoch milliseconds, or REJECT<TAB>field<TAB>reason.
                """
        )

        @Argument(help: ArgumentHelp("The expression, in quotes.", valueName: "EXPR"))
        var expression: String?

        @Option(help: "The time zone.")
        var zone = "UTC"

        @Option(help: "The instant to look from, in ISO 8601 or epoch milliseconds. (default: now)")
        var from: String?

        @Option(help: "How many instants to print.")
        var count = 5

        @Option(help: "What happens at clock changes: vixie, quartz, skip or both.")
        var dst = DaylightPolicy.vixie

        @Option(
            help: "Only days that this calendar counts: cn-workdays, or a YAML file.",
            completion: .file()
        )
        var calendar: String?

        @Flag(help: "Answer the lines of standard input.")
        var stdin = false

        func validate() throws {
            guard count >= 0 else { throw ValidationError("--count must not be negative") }
            guard stdin == (expression == nil) else {
                throw ValidationError(stdin ? "--stdin takes no EXPR" : "give EXPR, or --stdin")
            }
        }

        func run() throws {
            if let expression { try preview(expression) } else { try answerLines() }
        }

        private func preview(_ text: String) throws {
            let expression = try CronCommand.expression(text)
            guard let zone = ZoneRules.zone(named: zone) else {
                throw ValidationError("there is no time zone '\(self.zone)'")
            }
            let rules = ZoneRules(of: zone)
            let start = try from.map { text in
                guard let moment = InstantText.moment(text, in: rules) else {
                    throw ValidationError("'\(text)' is neither ISO 8601 nor epoch milliseconds")
                }
                return moment
            }
            let schedule = Schedule.cron(expression, zone: zone, daylight: dst)
            let days = try calendar.map { (calendar: try CalendarFile.read($0), zone: zone) }
            let preview = SchedulePreview(
                of: schedule,
                after: start ?? SystemClock().now,
                count: count,
                on: days
            )
            for instant in preview.instants { print(InstantText.local(instant, in: rules)) }
            for warning in preview.warnings { Terminal.complain("note: \(warning)\n") }
        }
    }
}

extension CronCommand.Next {
    /// Answers standard input line by line.
    ///
    /// Answers are written whenever the lines read so far are done with, so that a caller may also ask, wait for
    /// the answer, and ask again.
    private func answerLines() throws {
        let calendar = try calendar.map(CalendarFile.read)
        var lines = LineBuffer()
        while let chunk = try nextChunk() {
            lines.append(chunk)
            try answer(lines.completeLines(), calendar)
        }
        try answer(lines.lastLine(), calendar)
    }

    private func answer(_ lines: [String], _ calendar: JobCalendar?) throws {
        var answers = ""
        for line in lines {
            answers += CronPreviewLines.answer(line: line, count: count, policy: dst, calendar: calendar)
            answers += "\n"
        }
        try FileHandle.standardOutput.write(contentsOf: Data(answers.utf8))
    }

    /// What standard input has at the moment, after waiting for it; nil at its end.
    ///
    /// `FileHandle` would wait for the whole of a chunk.
    private func nextChunk() throws -> [UInt8]? {
        var failure: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            var got: Int
            repeat {
                got = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            } while got < 0 && errno == EINTR
            failure = got < 0 ? errno : 0
            count = max(0, got)
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        return chunk.isEmpty ? nil : chunk
    }
}

/// Cuts a stream of bytes into lines.
private struct LineBuffer {
    private var bytes: [UInt8] = []

    mutating func append(_ chunk: [UInt8]) {
        bytes += chunk
    }

    /// Takes out the lines whose end has been read.
    mutating func completeLines() -> [String] {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        bytes.removeFirst(end + 1)
        return texts
    }

    /// Takes out what is left when no more will come: a last line without an end.
    mutating func lastLine() -> [String] {
        defer { bytes = [] }
        return bytes.isEmpty ? [] : [String(decoding: bytes, as: UTF8.self)]
    }
}

extension DaylightPolicy: ExpressibleByArgument {}

extension CronLanguage: ExpressibleByArgument {}
