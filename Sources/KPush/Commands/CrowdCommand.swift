import ArgumentParser
import Foundation
import Groundwork
import PushEngine

/// `kpush crowd`: makes crowd files and checks them.
struct CrowdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crowd",
        abstract: "Generate crowd files, and check them before they are sent to.",
        subcommands: [CrowdGenerateCommand.self, CrowdCheckCommand.self]
    )
}

/// `kpush crowd generate`.
struct CrowdGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write a crowd file of made-up recipients.",
        discussion: """
            The same options and seed give the same bytes. Shares go from 0 to 1 and are met exactly. The columns \
            are userId, name, city, coupon and, with --order-ids, orderId.
            """
    )

    @Option(help: "How many rows to write, the header not counted.")
    var rows: Int

    @Option(help: "Chooses among the files that the other options allow.")
    var seed: UInt64 = 1

    @Option(help: "The share of rows that cannot be sent to, of mixed kinds.")
    var bad = 0.0

    @Option(help: "The share of rows that repeat an earlier recipient, some in another spelling.")
    var duplicates = 0.0

    @Option(help: "The share of good recipients with a number that begins with 199; no other number does.")
    var night = 0.0

    @Option(
        help: "The share of good recipients with a number that the simulator has a script for (0000 to 0009)."
    )
    var scripted = 0.0

    @Flag(help: "Give each recipient an order id of its own.")
    var orderIds = false

    @Option(help: "The file to write.", completion: .file())
    var out: String

    @Option(help: "A file that takes the exact counts as JSON.", completion: .file())
    var summary: String?

    func run() throws {
        var recipe = CrowdRecipe(rows: rows)
        recipe.seed = seed
        recipe.bad = bad
        recipe.duplicates = duplicates
        recipe.night = night
        recipe.scripted = scripted
        recipe.hasOrderIDs = orderIds
        var generator: CrowdGenerator
        do {
            generator = try CrowdGenerator(recipe)
        } catch {
            throw ValidationError("\(error)")
        }
        try generator.write(to: out)
        print(CrowdTable.summary(generator.summary), terminator: "")
        guard let summary else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let json = try encoder.encode(generator.summary) + Data("\n".utf8)
        try json.write(to: URL(fileURLWithPath: summary))
    }
}

/// `kpush crowd check`.
struct CrowdCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what sending to a crowd file would come to, without sending.",
        discussion: """
            Exit code 0: every row can be sent to. Exit code 65: the file is refused, or some of its rows are. \
            Recipients that stand in several rows are found when the file is sent, not here.
            """
    )

    @Argument(help: "The crowd file.", completion: .file())
    var file: String

    @Option(help: "Variables that a template needs, separated by commas; no row may leave one empty.")
    var variables: String?

    @Option(help: "The name of the recipient's column, when it is none of the usual ones.")
    var recipient: String?

    @Option(help: "How recipients are written: phone, mail or id; without it their column's name tells.")
    var addresses: AddressForm?

    @Flag(help: "Read 13800138000.0, as spreadsheets export it, as the number it was.")
    var excelRepair = false

    @Option(help: "A file that takes every refused row as CSV.", completion: .file())
    var report: String?

    func run() async throws {
        do {
            let bytes = try FileCrowdBytes(path: file)
            let layout = try await CrowdHeader.read(bytes, recipient: recipient, addresses: addresses)
            let (survey, examples) = try await survey(bytes, layout)
            print(CrowdTable.survey(survey, of: file, examples: examples), terminator: "")
            if survey.good < survey.rows { throw ExitCode(65) }
        } catch let error as CrowdFileError {
            try refuse(error)
        } catch let error as StoreError {
            try refuse(.unreadable(error))
        }
    }

    private func refuse(_ error: CrowdFileError) throws -> Never {
        FileHandle.standardError.write(Data("\(file): \(error)\n".utf8))
        throw ExitCode(65)
    }

    private func survey(
        _ bytes: FileCrowdBytes,
        _ layout: CrowdLayout
    ) async throws -> (CrowdSurvey, [String: CrowdReject]) {
        let wanted = (variables ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        var settings = CrowdSurvey.Settings()
        var reading = CrowdReading(layout)
        reading.required = try layout.columns(for: wanted)
        if case .phone(var rules) = reading.recipients {
            rules.repairsExcelFloats = excelRepair
            reading.recipients = .phone(rules)
        }
        settings.reading = reading
        let sink = try report.map { try OutputFile(path: $0) }
        if let sink { CrowdReport.appendHeader(to: &sink.pending) }
        var examples: [String: CrowdReject] = [:]
        var progress = ProgressLine(total: bytes.size)
        let survey = try await CrowdSurvey.make(of: bytes, layout: layout, settings: settings) { batch in
            for reject in batch.rejected {
                if examples[reject.code] == nil { examples[reject.code] = reject }
                if let sink { CrowdReport.append(reject, to: &sink.pending) }
            }
            try sink?.flushWhenLarge()
            progress.show(batch.end.offset)
        }
        progress.clear()
        try sink?.close()
        return (survey, examples)
    }
}

extension AddressForm: ExpressibleByArgument {}
