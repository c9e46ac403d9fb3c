"""Inflected and derived emotion words -> the headword that EmoLex has.

EmoLex lists headwords: it has *scare* but not *scared*. People and models write the inflected
forms, so each is given the vector of a headword, chosen by these rules, in this order:

1. Never a headword of the opposite meaning: *careless* takes *carelessness*, not *care*.
2. An entry of the same stem with the same sense, the nearest part of speech first
   (*comfortable* takes *comfort*), unless EmoLex scores that entry for another sense
   (*motivated* does not take *motive*).
3. Otherwise the closest synonym (*stuck* takes *stagnant*, *obsessed* takes *fanatic*).

Words without a feeling of their own (*fine*, *okay*, *done*) are left out on purpose, as are
words whose feeling depends on the sentence (*emotional*). A word that EmoLex has is never here.
The tables, here to h and in `headwords_i_z` the rest, are in alphabetical order, so that nothing
depends on the order of choices. They were written for this project and reproduce no part of EmoLex
but the headwords' spelling.
"""

from __future__ import annotations

from .headwords_i_z import TABLE as TABLE_I_Z

TABLE = """\
abandon: abandoning, abandons
abandoned: dumped, ghosted, jilted, left behind
abhor: abhorred, abhorrence, abhorring, abhors
abuse: abused, abusive
acceptance: accept, accepted, accepting, accepts
accomplish: accomplishes, accomplishing
ache: ached, aches, achy
achieve: achieved, achiever, achieving
admirable: admirably
admiration: admiring, admiringly, looked up to
admire: admired, admires
adorable: adorably
adore: adored, adores, adoring, adoringly, adulation, besotted, enamored, enamoured, infatuated,
    infatuation
adrift: drifting
affection: affectionate, affectionately, affections
affirm: affirmed, affirming, validated, validation
aggravated: aggravate, aggravates
aggression: aggress, aggressiveness
aggressive: aggressively
aghast: agape
agitated: agitate, agitates, agitating, fluster, flustered, restive, riled, riled up, wound up
agonizing: agonising, agonize, agonizingly
agony: agonies, agonised, agonized, agonizes
alarm: alarmed, alarms
alertness: alert, alerted
alienate: alienates, alienating
alienated: estrangement, othered
alive: aliveness
amazingly: amazed, amazement, amazes, amazing
ambition: ambitions, ambitious
amuse: amusedly, amuses
amused: tickled
amusing: amusingly, comical
anger: angered, angering, angers
angry: angrier, angriest, angrily, angriness
anguish: anguished, anguishing
animated: animatedly
annoy: annoyed, annoys, bugged, cheesed off, hacked off, irked, miffed, narked, nettled, peeved,
    ticked off, vexation, vexed
annoying: annoyingly
anticipation: anticipate, anticipated, anticipates, anticipating, anticipative
antipathy: antipathetic
anxiety: anxieties
anxious: anxiety-ridden, anxiously, anxiousness, on-edge, overanxious
apathetic: apathetically
apologetic: apologetically
appalling: appall, appalled, appallingly, appals
appreciation: appreciate, appreciated, appreciates, appreciating, appreciative
apprehension: apprehensions
apprehensive: apprehensively, apprehensiveness
approve: approved
ardent: ardently, ardour
arouse: arousal, aroused, arousing
arrogant: arrogantly, cocky, self-important, snobbish
ashamed: ashamedly
aspire: aspired, aspires, desire, desired
aspiring: driven, motivate, motivated, motivating, motivation, self-motivated
asserting: assert, asserted, assertion, assertive, assertively, assertiveness
assurance: assuredness
assured: reassured, reassuring
astonishingly: astonishing
astonishment: astonish, astonished, astonishes, astounded, astounding, awe, awe-struck, awed,
    awestruck, dumbfounded, flabbergasted, gobsmacked, wowed
attentive: attentively, attentiveness, aware, awareness, conscious
attraction: attract, attracted
averse: aversive
awful: awfully, awfulness
awkwardness: awkward, awkwardly
battered: beaten up
belittle: belittled, belittles, belittling, undermine, undermining
belligerent: belligerence
benevolence: benevolent
betray: backstabbed, betrayed, betraying, betrays, double-crossed, stabbed in the back
bewildered: addled, befuddled, bewilder, bewildering, daze, discombobulated, disorientated,
    disorientation, disoriented, flummoxed, stumped
bewilderment: baffled, bafflement, baffling, bemused, bemusement, nonplussed, perplex,
    perplexing
bitterly: bitter
blame: blamed, blameworthy, blaming
bleak: bleakness
bless: blessedness
blissful: blissed, blissed out, blissfully, blissfulness
boredom: bored, ennui, monotonous, monotony
bothering: bothered, bothers, bothersome
brazen: brazenly, brazenness
brighten: bright, brightened, cheered up
broken: broken down, broken-hearted, brokenhearted, brokenness, heart-broken, heartbroken
bully: bullied, bullying
burdensome: burden, burdened
callous: callousness
calm: calmed, calmer, calming, calmly, calmness, centered, centred, chilled, chilled out,
    level-headed, mellow, unbothered, unperturbed, unruffled, untroubled, unworried
captivate: captivated
captive: boxed in, caged, cornered, ensnared, entrapped, locked in, tied down, trapped
carelessness: careless, carelessly
caretaker: care, cared for, caregiving, caring, caringly, protectiveness
caution: carefulness, cautiousness
celebrating: celebrate, celebratory
chagrin: chagrined
challenge: challenged, challenging
chaotic: chaotically
charitable: charitableness
cheat: cheated, cheated on, cheating, ripped off, swindled
cheer: cheered, cheers
cheerful: bubbly, buoyant, buoyed, carefree, cheerfully, chipper, chirpy, happy-go-lucky,
    jaunty, light-hearted, lighthearted, peppy, perky
cheerfulness: cheeriness
cherish: cherished, cherishing, treasured
choke: choked, choked up, choking
clean: cleansed
closeness: bonded, close, connected, connectedness
clumsy: clumsily, clumsiness
coerce: coercing
coercion: coerced, coercive
coldness: cold-hearted
comfort: at ease, comfortable, comfortably, comforted, comforter, comforting, comforts, comfy,
    cozy
committed: commitment, invested
companion: companionable, companionship
compassion: compassionately, compassionateness, empathising, self-compassion, self-compassionate
competent: competently
complain: complaining
concerned: concern, concerning, concerns
condescension: condescended, looked down on, patronised, patronized, talked down to
confidence: empowerment, self-assurance, self-confidence
confident: cocksure, confidently, empowered, empowering, self-assured, self-belief,
    self-confident, self-possessed, sure of myself
conflict: conflicted
confusion: confused, confusedly, confuses, confusing, mixed up
conscience: conscientiousness
considerate: considerately, considerateness
console: consolation, consoled, consoling
constrain: constricted
contempt: contemptuously, contemptuousness, disdainfully, scoffing
content: contented, contentedly, contentedness, contentment
courageous: courageously, courageousness
cowardice: cowardliness
cowardly: craven
crabby: crabbiness
cranky: crankiness, grouchiness, grouchy
crazed: crazily, manic
crazy: craziness, loopy
creative: creativity
cringe: cringed, cringey, cringing
crippled: crippling
criticism: critical, criticised, criticized
criticize: self-critical, self-criticism
cruelty: heartlessness
cry: cried, cries, teary, teary-eyed, weepy
curiosity: curious, curiously, inquiring, inquisitiveness, intrigued, intrigues, intriguing,
    nosy
damage: damaged, damaging
dangerous: dangerously
dare: dared, daringly
deceive: duped, misled
deceived: fooled, lied to, tricked
dedication: dedicated
defeated: beat down, beaten, beaten down, defeatist, given up, giving up
defend: defensive, defensiveness
defense: defensively
defenseless: defencelessness
defiance: defiantly
degrading: degraded
delight: delighting, delights
delighted: chuffed, delightedly, thrilled to bits, tickled pink
delightful: delightfully
demoralized: demoralisation, demoralise, demoralised, demoralization, demoralize, demoralizing
depressed: down in the dumps
depression: depressions
deprivation: deprived
derision: derisive
deserve: deserving
desolation: desolate
despair: despaired, despairs, desperation, despondence, despondency
desperate: desperately
despise: despised, despises, despising
destroyed: destroy
destructive: self-destructive
determination: determine, determinedly, perseverance, persevering, purposeful, purposefulness,
    resolute, resoluteness, resolve, resolved, strong-willed
detest: detestable, detested, detesting
devastate: devastated
devotional: devoted, devotedness, devotion
dirty: dirtied
disagreeing: disagreed, disagrees
disappoint: disappoints
disappointed: disappointedly, underwhelmed
disapproval: disapprovingly
disaster: catastrophic, disastrously
discomfort: discomforted, discomforting, uncomfortableness, uncomfortably
disconnected: depersonalized, derealized, detached, disassociated, disconnectedness,
    dissociated, dissociating, dissociation, dissociative, distant, spaced out, zoned out
discontent: discontented, discontentment, malcontent
discourage: daunted, daunting, discouraged, discouraging
disdain: disdained, disdainful
disgrace: disgracefulness
disgruntled: disgruntle, disgruntlement
disgust: creeped out, disgusted, disgusts, grossed out, icky, put off, skeeved out
disgusting: disgustingly, grossness, repelled, yucky
disheartened: bummed out, crestfallen, deflated, dejected, dejection, despondent, dishearten,
    disheartenment, dispirited, dispiriting, down-hearted, downhearted, gutted, let down,
    low-spirited
disillusionment: disenchanted, disenchantment, disillusion, disillusioned, jaded
dislike: dislikes, disliking
disliked: hated on
dismal: dismally
dismay: dismayed, dismaying
disorder: disordered, disorganised
displeased: displease, displeasing
disregarded: overlooked
disrespect: disrespected, disrespecting
distress: distresses
distressed: stressed, stressed out, stressful, stressing
distrust: cynical, cynically, cynicism, distrustful, distrusting, mistrustful, untrusting
disturbance: disturb, disturbing
dominant: dominance, domineering
doomed: hopelessly
doubt: doubted, doubter, doubts, self-doubt, self-doubting
doubtful: doubtfully, scepticism, skepticism
dread: dreaded, dreadfulness, dreading, dreads
dreary: dreariness
dull: dulled, dullness, listlessness
dutiful: dutifully, duty-bound, obligated
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
"""


def parse_table(table: str) -> dict[str, str]:
    """Read lines of ``headword: word, word``; an indented line goes on with the one before.

    >>> parse_table("scare: scared, freaked out,\\n    scary\\n")
    {'scared': 'scare', 'freaked out': 'scare', 'scary': 'scare'}
    """
    pairs: dict[str, str] = {}
    for line in table.replace("\n    ", " ").splitlines():
        headword, _, words = line.partition(":")
        pairs.update((word.strip(), headword) for word in words.split(","))
    return pairs


HEADWORDS = parse_table(TABLE) | parse_table(TABLE_I_Z)
