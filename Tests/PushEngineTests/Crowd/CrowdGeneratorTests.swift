import Testing

@testable import PushEngine

@Suite struct CrowdGeneratorTests {
    private func generate(_ recipe: CrowdRecipe) throws -> (CrowdText, CrowdSummary) {
        var generator = try CrowdGenerator(recipe)
        var bytes: [UInt8] = []
        generator.appendHeader(to: &bytes)
        while generator.appendRow(to: &bytes) {}
        return (CrowdText(bytes), generator.summary)
    }

    private func recipe(_ seed: UInt64) -> CrowdRecipe {
        var recipe = CrowdRecipe(rows: 3_000)
        recipe.seed = seed
        recipe.bad = 0.1
        recipe.duplicates = 0.05
        recipe.night = 0.1
        recipe.scripted = 0.02
        recipe.hasOrderIDs = seed % 2 == 0
        return recipe
    }

    @Test(arguments: 1...12)
    func `a reader finds exactly what the summary says`(seed: UInt64) async throws {
        let (text, summary) = try generate(recipe(seed))
        let rows = try await text.rows()
        #expect(rows.rejected.reduce(into: [:]) { $0[$1.code, default: 0] += 1 } == summary.badByCode)
        let phones = rows.rows.compactMap(\.phone)
        let distinct = Set(phones)
        #expect(distinct.count == summary.good)
        #expect(phones.count - distinct.count == summary.duplicates)
        #expect(distinct.count { $0 / 100_000_000 == 86_199 } == summary.night)
        #expect(distinct.count { $0 % 10_000 < 10 } == summary.scripted)
        #expect(Set(rows.rows.map { $0.fields[2] }).count == 8)
        #expect(Set(rows.rows.map { $0.fields[3] }).count == 4)
    }

    @Test func `shares are met exactly`() async throws {
        let (_, summary) = try generate(recipe(5))
        #expect(summary.rows == 3_000)
        #expect(summary.bad == 300)
        #expect(summary.badByCode.values.reduce(0, +) == 300)
        #expect(summary.duplicates == 150)
        #expect(summary.good == 2_550)
        #expect(summary.night == 255)
        #expect(summary.scripted == 51)
    }

    @Test func `the seed alone decides`() async throws {
        #expect(try generate(recipe(3)).0.bytes == generate(recipe(3)).0.bytes)
        #expect(try generate(recipe(3)).0.bytes != generate(recipe(4)).0.bytes)
    }

    @Test func `some duplicates are spelled otherwise`() async throws {
        var recipe = CrowdRecipe(rows: 1_000)
        recipe.duplicates = 0.5
        let rows = try await generate(recipe).0.rows()
        #expect(rows.rejected.isEmpty)
        #expect(rows.rows.contains { $0.fields[0].hasPrefix("+86 ") })
        #expect(rows.repaired > 0)
    }

    @Test func `a recipe that cannot be followed is refused`() {
        var recipe = CrowdRecipe(rows: 10)
        recipe.bad = 0.5
        recipe.duplicates = 0.5
        #expect(throws: CrowdRecipeError.noGoodRows) { try CrowdGenerator(recipe) }
        recipe.duplicates = 1.5
        #expect(throws: CrowdRecipeError.outOfRange("duplicates")) { try CrowdGenerator(recipe) }
        #expect(throws: CrowdRecipeError.outOfRange("rows")) { try CrowdGenerator(CrowdRecipe(rows: 0)) }
    }

    @Test func `numbers of one space never repeat`() {
        var random = SeededRandom(seed: 9)
        let numbers = CrowdNumbers(prefixes: [1_380, 1_995], endings: 10..<13, random: &random)
        let all = Set((0..<numbers.count).map { numbers($0) })
        #expect(all.count == 6_000)
        #expect(all.allSatisfy { 10..<13 ~= $0 % 10_000 && [1_380, 1_995].contains($0 / 10_000_000) })
    }
}
