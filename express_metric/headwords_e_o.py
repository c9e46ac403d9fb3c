"""Headwords of EmoLex from e to o, each with the words that take its vector."""

TABLE = """\
eager: eagerly, keen, raring
ecstasy: ecstasies, elation, euphoria
ecstatic: blissed-out, ecstatically, euphoric, exhilarated, exhilarating, exuberant, exultant,
    on cloud nine, on top of the world, over the moon, overexcited
egotistical: egoistic, self-centered, self-centred
elucidate: elucidation
embarrass: embarrassed, embarrasses, embarrassingly, red-faced, sheepish, sheepishly,
    sheepishness
embarrassment: abashed
empathy: empathetic, empathic, empathise, empathize, empathizing
emptiness: dead inside, empty, empty inside, hollowed, hollowness, void
enchant: enchantment
enchanted: entranced, spellbound
encourage: encouraged, encouraging
energetic: energised, energized, energy, invigorating, liveliness, lively, revitalised,
    revitalized, stimulated, stimulating, vibrancy, vibrant, vigour
enjoy: enjoyable, enjoyed, enjoyment, enjoys
enlighten: enlightened, enlightening
enlightenment: epiphany
enthusiasm: enthused, enthusiastic, enthusiastically
envious: envied, enviously, envy
esteem: esteemed, self-esteem
exasperation: exasperate, exasperated, exasperating
excite: excites
excited: abuzz, amped, amped up, excitedly, exhilarate, fired up, giddiness, giddy, hyped, hyped
    up, psyched, psyched up, pumped, pumped up, stoked
excitement: excitability
excluded: cast out, left out, ostracised, ostracized, shut out
exhausted: burned out, burned-out, burnout, burnt out, burnt-out, depleted, drained, exhausting,
    knackered, overworked, run down, sapped, tired out, wiped out, worn down, worn out
expectant: expectance, expectantly
expectation: expectations
failing: failed
failure: fail
faith: faithfulness
fanatic: fixated, obsess, obsessed, obsessing, obsession, obsessive
fascinating: fascinated
fascination: fascinate
favorable: favored
fear: feared, fears
fearful: cowed, fearfulness, phobia, phobic
fearless: dauntless, fearlessness, unafraid, undaunted
flattering: flattered
focus: focused, focussed
fondness: fond, fondly
foolish: foolishly, naivety
forgive: forgiveness
forlorn: forlornness
fortunate: fortunately
fragile: fragility
frantic: frantically
freedom: free, freed, freeing, liberated, liberating, uninhibited, unrestrained, unshackled
friendly: friendlier
fright: frights
frighten: frightening
frightful: frightfully
frigid: frigidity
frisky: friskiness
frustrate: fed up, frustrates, frustrating
frustration: frustrations
fulfill: fulfilled, fulfilling
fun: funny
furious: apoplectic, enrage, enraged, enraging, incensed, infuriate, infuriated, infuriating,
    seething
fury: furies
generous: big-hearted, generously, generousness, magnanimous
glad: gladdened, gladly
glee: gleeful, gleefully
gloom: gloominess
gloomy: blah, bummed, down, downcast, feeling low, gloomily, low
glum: glumly, glumness
gracious: graciousness
grateful: gratefully, gratefulness, indebted
gratify: gratification, gratified, gratifying
greed: greediness
greedy: greedily
grieve: grieved, grieves, grieving
grievous: grievously
grim: grimness
grudge: grudging
gruesome: gruesomeness, macabre
grumble: grumbling
grumpy: grump, grumpily, grumpiness
guilt: guilt-ridden
guilty: at fault, guilt-tripped, guiltily, guiltiness
happily: happier, happiest
harass: harassed
hardship: hard times
harmful: harmed
harmony: harmonious
hate: hated, hates
hateful: hatefulness
haunted: haunting
heartache: heartbreak, heartbreaking, heartsick, heartsore, lovelorn, lovesick
heartfelt: deeply moved, heartwarming, moved, touching
heartless: heartlessly
helpful: helped, helpfulness
helpless: helplessly
helplessness: hapless
hesitation: hesitancy, hesitant, hesitating
homesick: homesickness, rootless
honest: honestly
honor: honored, honoured
hope: hoped, hopes, hoping
hopeful: hopefully, hopefulness, optimistic, optimistically
hopeless: defeatism, despairingly, past caring
horrified: horrify
horror: horrifies
hospitality: hospitable
hostile: acrimonious, antagonised, antagonized, belligerently, hostilely, rancorous
humble: humbleness, humbling
humiliate: demeaned, demeaning, humiliated
humorous: humored
hurt: hurts
hurtful: hurtfully
hurting: wounded
hysteria: hysterics
hysterical: hysterically
idiotic: stupidly
ignore: ignored, invisible, unheard, unnoticed, unseen
impatient: antsiness, antsy, impatiently
impress: impressed, impressive
incompetent: incompetency
incredulous: disbelief, disbelieving, incredulity
indifference: blase, blasé, indifferent
indignant: indignantly
indignation: indignities
inferior: incapable
inhibit: inhibited
inhuman: inhumane
insane: insanely
insecure: insecurely, unconfident
insecurity: insecurities
insignificant: unimportance
inspiration: inspiring
inspire: inspires
inspired: inspirational, inspirited
insult: insulted, insults
intense: intensity
interest: engrossed, enthralled, gripped, immersed, interests, riveted
intimate: intimacy
intimidate: intimidated, intimidating
intolerable: intolerably
invigorate: invigorated
irritable: bad-tempered, cantankerous, crotchety, ill-tempered, irascible, irritably,
    short-tempered, snappish, snappy, testy, tetchy
irritating: irritated
isolate: isolating
isolated: cut off, marooned
jealous: covetous, green-eyed, jealously, possessive, possessiveness
jealousy: jealousies
jovial: joviality
joy: joys
joyful: joy-filled, joyfully, joyfulness, joyousness, jubilantly
joyous: joyously
jubilant: jubilance, jubilancy, jubilation
kind: good-hearted, kind-hearted, kinder, kindhearted, softhearted
kindness: kindly
kindred: kinship
lament: lamented
laughing: laughed
lazy: idle, idleness, lazily, laziness, slothful
liking: like, liked
loathe: loathed, loathes
loathing: self-disgust, self-hate, self-hatred, self-loathing
loathsome: loathsomeness
loneliness: aloneness, lonesomeness
lonely: all alone, alone, companionless, friendless, friendlessness, lonelier
longing: longed, nostalgia, nostalgic, nostalgically, pining
loss: losses
lost: lostness
lovable: loveable
love: beloved, love-struck, loves, lovestruck
lovely: loveliness
loving: in love, loved, lovingly
loyal: loyally
loyalty: loyalties
luck: luckiness
lucky: luckily
lust: lusted, lusting
lustful: horny, libidinous, lustfully, turned on
mad: madder, madly, pissed, pissed off
madden: maddened
madness: maddening
malicious: maliciousness
manipulation: gaslighted, gaslit, led on, manipulated
marvel: marveled, marvelled, wonder, wondering, wonderment, wonderstruck
marvelous: marvellous
melancholic: melancholia
melancholy: bittersweet, brood, brooding, doleful, dolefully, pensively, pensiveness, wistful,
    wistfulness
menacing: menaced
merciful: mercifully
merry: jolliness, jolly, merrily, mirthful
misery: miseries
misplaced: out of place, out-of-place
misunderstanding: misunderstood
modest: modestly
moody: moodiness
mortification: mortified, mortify, mortifying
mourn: mourned
mournful: mournfully
mourning: grief-stricken, griefstricken, mournfulness
mysterious: mystified
mystery: mystification
nasty: nastiness
naughty: naughtiness
nausea: queasiness, queasy
nauseous: nauseated
needy: neediness
negative: negativity
neglect: neglects
neglected: neglectful, uncared for
nervous: edginess, edgy, fidgeting, fidgety, high-strung, jittery, jumpy, keyed up, nervously,
    nervy, on edge, on tenterhooks, skittish, strung out, tense, tensed, tensely, twitchy,
    uptight, worked up
nervousness: jitters
neurotic: neuroticism
numb: deadened, desensitised, desensitized, emotionless, numbed, numbing, numbly, unfeeling
nurture: nurtured, nurturing
obnoxious: obnoxiousness
obstinate: headstrong, obstinacy, obstinance, pigheaded, stubborn, stubbornly, stubbornness
offend: offends
offended: affronted
offense: offence
offensive: offensively
oppress: oppressed
oppressive: oppressively
optimism: positive, positively, positivity, upbeat
ordeal: ordeals
outburst: outbursts
outrage: outraged
overjoyed: overjoy
overpower: overpowered
overwhelm: overwhelms
overwhelmed: inundated, overloaded, overwhelmedness, overwhelmingness, snowed under, swamped
overwhelming: overwhelmingly
"""
