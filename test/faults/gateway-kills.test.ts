import { gatewayKills, promptKills } from './scenarios/kills.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(gatewayKills);
testScenario(promptKills);
